#!/usr/bin/env bash
# How commands grow with their input: processor time at a size and at four times that size.
#
#   benches/growth.sh [--list] [KUSTOM] [WORD…]
#
# KUSTOM is target/fast/kustom unless given; a WORD chooses the rows that contain it.
# A ratio of about 4 is linear, one of 16 quadratic. Rows above 8, and failures, end it with 1.
# A row whose time is below 50 ms says little: make its size larger (`GROWTH_SCALE=4`).
set -uo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

# each COUNT TEXT: the text so many times, `@` being the number.
each() {
  awk -v n="$1" -v t="$2" 'BEGIN {
    k = split(t, part, "@")
    for (i = 0; i < n; i++) {
      s = part[1]; for (j = 2; j <= k; j++) s = s i part[j]
      printf "%s", s
    }}'
}
# files COUNT NAME TEXT: so many files, `@` being the number in both.
files() {
  case $2 in
    *@*/*) each "$1" "${2%/*}\n" | xargs -r mkdir -p ;;
    *) mkdir -p "${2%/*}" ;;
  esac
  awk -v n="$1" -v f="$2" -v t="$3" 'BEGIN {
    k = split(t, part, "@"); split(f, name, "@")
    for (i = 0; i < n; i++) {
      s = part[1]; for (j = 2; j <= k; j++) s = s i part[j]
      file = name[1] i name[2]
      printf "%s", s >file; close(file)
    }}'
}
map_file='apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n@}\ndata: {k0: v0}\n'
# map NAME [COUNT]: a ConfigMap of so many keys.
map() {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n' "$1"
  each "${2:-1}" '  k@: v@\n'
}
# pod NAME COUNT ITEMS: a Pod with a list in its container.
pod() {
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: web\n    image: web:v1\n' "$1"
}
maps() { each "$1" '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m@}\ndata: {k: v}\n'; }
chain() { # chain COUNT PART: the part, so many times, on one line
  each "$1" "$2"
}
git_init() { git init -q . && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm one; }
environments() { # environments COUNT: a project of so many
  echo '{}' >kustom.yaml
  mkdir -p base && map map >base/map.yaml && echo 'resources: [map.yaml]' >base/kustomization.yaml
  files "$1" 'environments/e@/kustomization.yaml' 'resources: [../../base]\n'
}
environment() { # environment: one, called e, of a map
  mkdir -p environments/e
  echo '{}' >kustom.yaml
  map map 10 >environments/e/map.yaml
  echo 'resources: [map.yaml]' >environments/e/kustomization.yaml
}

# A row: NAME SIZE, and a function of that name that is given the size, lays out its input, and sets `run`.
rows=()
row() { rows+=("$1 $2"); }

row build_crds 200
build_crds() {
  mkdir app
  for ((i = 0; i < $1; i++)); do
    printf '{"x/v1.K%d": {"Schema": {"properties": {"a": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"}}}}}' "$i" >"app/c$i.json"
  done
  maps 1000 >app/maps.yaml
  { echo 'resources: [maps.yaml]'; echo 'namePrefix: p-'; echo crds:; each "$1" '- c@.json\n'; } >app/kustomization.yaml
  run=(build app)
}
row build_crds_one_file 2000
build_crds_one_file() {
  mkdir app
  { echo '{"z": {}'; each "$1" ', "x/v1.K@": {"Schema": {"properties": {"a": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"}}}}'; echo '}'; } >app/c.json
  maps 1000 >app/maps.yaml
  printf 'resources: [maps.yaml]\nnamePrefix: p-\ncrds: [c.json]\n' >app/kustomization.yaml
  run=(build app)
}
row render_labels 1000
render_labels() {
  environment
  { echo 'resources: [map.yaml]'; echo labels:; each "$1" '- pairs: {l@: v}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_labels_in_turn 1000
render_labels_in_turn() {
  environment
  { echo 'resources: [map.yaml]'; echo labels:; each "$1" '- pairs: {l@: v}\n- {pairs: {s@: v}, includeSelectors: true}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_labels_in_turn_linked 500
render_labels_in_turn_linked() {
  environment
  printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {}, template: {metadata: {}}}\n' >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo labels:; each "$1" '- pairs: {l@: v}\n- {pairs: {s@: v}, includeSelectors: true}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_labels_one_entry 2000
render_labels_one_entry() {
  environment
  { echo 'resources: [map.yaml]'; echo labels:; echo '- pairs:'; each "$1" '    l@: v\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_patches 1000
render_patches() {
  environment
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {kind: ConfigMap}\n  patch: "- {op: add, path: /data/x@, value: v}"\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_patches_strategic 1000
render_patches_strategic() {
  environment
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- patch: "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}, data: {x@: v}}"\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_patches_met_by_nothing 1000
render_patches_met_by_nothing() {
  environment; maps "$1" >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {kind: ConfigMap, name: mm@}\n  patch: "- {op: add, path: /data/x, value: v}"\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_patches_of_no_kind 1000
render_patches_of_no_kind() {
  environment; maps "$1" >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {kind: Kind@}\n  patch: "- {op: add, path: /data/x, value: v}"\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_patches_met_in_turn 1000
render_patches_met_in_turn() {
  environment; maps "$1" >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {kind: ConfigMap, name: mm@}\n  patch: "- {op: add, path: /data/x, value: v}"\n- target: {kind: ConfigMap, name: m@}\n  patch: "- {op: add, path: /data/x, value: v}"\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_replacements_met_by_nothing 500
render_replacements_met_by_nothing() {
  environment; maps "$1" >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo replacements:; each "$1" '- source: {kind: ConfigMap, name: m1, fieldPath: data.k}\n  targets: [{select: {kind: ConfigMap, name: mm@}, fieldPaths: [data.k]}]\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_images_met_by_nothing 1000
render_images_met_by_nothing() {
  environment
  { pod pod; each "$1" '  - {name: c@, image: "i@:v1"}\n'; } >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo images:; each "$1" '- {name: ii@, newTag: v2}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_replacements 1000
render_replacements() {
  environment
  { echo 'resources: [map.yaml]'; echo replacements:; each "$1" '- source: {kind: ConfigMap, name: map, fieldPath: data.k1}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.y@], options: {create: true}}]\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_images 1000
render_images() {
  environment
  { pod pod; each "$1" '  - {name: c@, image: "i@:v1"}\n'; } >environments/e/map.yaml
  { echo 'resources: [map.yaml]'; echo images:; each "$1" '- {name: i@, newTag: v2}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
# Names of which a pattern means one, and expressions that are no plain words.
dashed_maps() { each "$1" '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m@-x}\ndata: {k: v}\n'; }
row build_images_patterns 500
build_images_patterns() {
  { pod pod; each "$1" '  - {name: c@, image: "registry.example.com/team-@/app:v1"}\n'; } >map.yaml
  { echo 'resources: [map.yaml]'; echo images:; each "$1" '- {name: "(registry|mirror).example.com/team-@/[a-z]+", newTag: v2}\n'; } >kustomization.yaml
  run=(build .)
}
row build_images_one_name 1000
build_images_one_name() {
  { pod pod; each "$1" '  - {name: c@, image: "registry.example.com/team-@/app:v1"}\n'; } >map.yaml
  { echo 'resources: [map.yaml]'; echo images:; each "$1" '- {name: registry.example.com/team-@/app, newTag: v2}\n'; } >kustomization.yaml
  run=(build .)
}
row build_patches_patterns 2000
build_patches_patterns() {
  dashed_maps "$1" >map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {kind: ConfigMap, name: "m@-.*"}\n  patch: "- {op: add, path: /data/x, value: v}"\n'; } >kustomization.yaml
  run=(build .)
}
row build_patches_expressions 2000
build_patches_expressions() {
  dashed_maps "$1" >map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {name: "m@-[a-z]+"}\n  patch: "{apiVersion: v1, kind: ConfigMap, metadata: {name: any}, data: {x: v}}"\n'; } >kustomization.yaml
  run=(build .)
}
row build_patches_renaming 1000
build_patches_renaming() {
  dashed_maps "$1" >map.yaml
  { echo 'resources: [map.yaml]'; echo patches:; each "$1" '- target: {name: "m@-.*"}\n  patch: "- {op: replace, path: /metadata/name, value: r@}"\n- target: {name: "r@|never"}\n  patch: "{kind: ConfigMap, metadata: {name: any}, data: {x: v}}"\n'; } >kustomization.yaml
  run=(build .)
}
row build_replacements_patterns 2000
build_replacements_patterns() {
  dashed_maps "$1" >map.yaml
  { echo 'resources: [map.yaml]'; echo replacements:; each "$1" '- source: {kind: ConfigMap, name: m@-x, fieldPath: data.k}\n  targets: [{select: {name: "m@-.*"}, fieldPaths: [data.y], options: {create: true}}]\n'; } >kustomization.yaml
  run=(build .)
}
row build_labels_selectors 8000
build_labels_selectors() {
  printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {l0: w}}\nspec:\n  template:\n    spec:\n      containers: [{name: web, image: web:v1}]\n' >map.yaml
  { echo 'resources: [map.yaml]'; echo labels:; each "$1" '- {pairs: {l@: v}, includeSelectors: true}\n'; echo '- pairs: {l1: w}'; } >kustomization.yaml
  run=(build .)
}
row render_generators 1000
render_generators() {
  environment
  { echo 'resources: [map.yaml]'; echo configMapGenerator:; each "$1" '- {name: g@, literals: [a=b]}\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row render_resources 500
render_resources() {
  environment
  files "$1" 'environments/e/n@.yaml' "$map_file"
  { echo 'resources:'; each "$1" '- n@.yaml\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row yq_compare 3000
yq_compare() {
  each "$1" 'k@: v\n' >a.yaml
  each "$1" 'k@: w\n' >b.yaml
  run=(yq compare a.yaml b.yaml)
}
row yq_compare_list 3000
yq_compare_list() {
  { echo 'l:'; each "$1" '- {a: @, b: v}\n'; } >a.yaml
  { echo 'l:'; each "$1" '- {b: w, a: @}\n'; } >b.yaml
  run=(yq compare a.yaml b.yaml)
}
row yq_merge_v3 5000
yq_merge_v3() {
  each "$1" 'k@: v\n' >a.yaml
  each "$1" 'k@: w\n' >b.yaml
  run=(yq m -x a.yaml b.yaml)
}
row yq_script_v3 2000
yq_script_v3() {
  each "$1" 'k@: v\n' >a.yaml
  each "$1" '- command: update\n  path: k@\n  value: w\n' >s.yaml
  run=(yq w a.yaml --script s.yaml)
}
row templates_many 300
templates_many() {
  environment
  files "$1" 'environments/e/t@.yaml.j2' "${map_file/n@/\"t{{ v@ \}\}\"}"
  each "$1" 'v@: "@"\n' >environments/e/values.yaml
  { echo 'resources:'; each "$1" '- t@.yaml\n'; } >environments/e/kustomization.yaml
  run=(render e)
}
row template_long 10000
template_long() {
  environment
  { map t 1; each "$1" '  t@: "{{ v }}"\n'; } >environments/e/map.yaml.j2
  rm environments/e/map.yaml
  echo 'v: x' >environments/e/values.yaml
  run=(render e)
}
row template_loop 10000
template_loop() {
  environment
  { map t 1; printf '{%% for i in l %%}\n  t{{ i }}: "x"\n{%% endfor %%}\n'; } >environments/e/map.yaml.j2
  rm environments/e/map.yaml
  { echo l:; each "$1" '- @\n'; } >environments/e/values.yaml
  run=(render e)
}
row values_many 20000
values_many() {
  environment
  { map t 1; echo '  t: "{{ v1 }}"'; } >environments/e/map.yaml.j2
  rm environments/e/map.yaml
  each "$1" 'v@: x\n' >environments/e/values.yaml
  run=(render e)
}
row values_files 500
values_files() {
  environment
  { map t 1; echo '  t: "{{ v1 }}"'; } >environments/e/map.yaml.j2
  rm environments/e/map.yaml
  files "$1" 'environments/e/v@.yaml' 'v@: x\n'
  { echo valuesFiles:; each "$1" '- v@.yaml\n'; } >environments/e/environment.yaml
  run=(render e)
}
row set_flags 2000
set_flags() {
  environment
  run=(render e)
  for ((i = 0; i < $1; i++)); do run+=(--set "a$i=b"); done
}
row validate_objects 5000
validate_objects() { mkdir m; maps "$1" >m/m.yaml; run=(validate m); }
row validate_files 1000
validate_files() { mkdir m; files "$1" 'm/n@.yaml' "$map_file"; run=(validate m); }
row validate_one_object 20000
validate_one_object() { mkdir m; map m "$1" >m/m.yaml; run=(validate m); }
row validate_containers 2000
validate_containers() {
  mkdir m
  { pod pod | sed '/- name/,$d'; each "$1" '  - {name: c@, image: i, ports: [{containerPort: 80, name: p@}], env: [{name: A@, value: b}], volumeMounts: [{name: v@, mountPath: /x@}]}\n'; echo '  volumes:'; each "$1" '  - {name: v@, emptyDir: {}}\n'; } >m/m.yaml
  run=(validate m)
}
row validate_ports 3000
validate_ports() {
  mkdir m
  { printf 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  selector: {a: b}\n  ports:\n'; each "$1" '  - {port: @, name: p@}\n'; } | sed 's/port: 0,/port: 65000,/' >m/m.yaml
  run=(validate m)
}
row validate_findings 2000
validate_findings() {
  mkdir m
  { map m 1; each "$1" '  t@: @\n'; } >m/m.yaml
  run=(validate m)
}
crd() { # crd NUMBER [PROPERTIES]
  printf -- '---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ks%s.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: ks%s, singular: k%s, kind: K%s, listKind: K%sList}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            type: object\n            properties:\n' "$1" "$1" "$1" "$1" "$1"
  each "${2:-1}" '              p@: {type: string}\n'
}
row validate_crds 300
validate_crds() {
  mkdir m
  for ((i = 0; i < $1; i++)); do crd "$i"; done >m/crds.yaml
  each "$1" '---\napiVersion: example.com/v1\nkind: K@\nmetadata: {name: k}\nspec: {p0: a}\n' >m/ks.yaml
  run=(validate m)
}
row validate_crd_large 3000
validate_crd_large() {
  mkdir m
  crd 0 "$1" >m/crds.yaml
  { printf 'apiVersion: example.com/v1\nkind: K0\nmetadata: {name: k}\nspec:\n'; each "$1" '  p@: a\n'; } >m/k.yaml
  run=(validate m)
}
row validate_cel 200
validate_cel() {
  mkdir m
  { crd 0 1; echo '            x-kubernetes-validations:'; each "$1" '            - {rule: "self.p0 != \\"a@\\"", message: no}\n'; } >m/crds.yaml
  printf 'apiVersion: example.com/v1\nkind: K0\nmetadata: {name: k}\nspec: {p0: a}\n' >m/k.yaml
  run=(validate m)
}
row check_objects 1000
check_objects() {
  environment
  each "$1" '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d@}\nspec:\n  selector: {matchLabels: {a: d@}}\n  template:\n    metadata: {labels: {a: d@}}\n    spec:\n      containers: [{name: c, image: i, ports: [{containerPort: 80}], envFrom: [{configMapRef: {name: m@}}]}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec: {selector: {a: d@}, ports: [{port: 80}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m@}\ndata: {a: b}\n' >environments/e/map.yaml
  run=(check)
}
row check_dangling 1000
check_dangling() {
  environment
  each "$1" '---\napiVersion: v1\nkind: Pod\nmetadata: {name: d@, labels: {a: d@}}\nspec:\n  containers: [{name: c, image: i, envFrom: [{configMapRef: {name: none@}}]}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec: {selector: {a: other@}, ports: [{port: 80}]}\n' >environments/e/map.yaml
  run=(check)
}
row check_environments 50
check_environments() { environments "$1"; run=(check); }
row affected_environments 50
affected_environments() { environments "$1"; git_init; map map 2 >base/map.yaml; run=(affected --base HEAD); }
row affected_files 1000
affected_files() {
  environments 1
  mkdir others; files "$1" 'others/n@.yaml' "$map_file"
  git_init
  files "$1" 'others/n@.yaml' "${map_file/n@/o@}"
  run=(affected --base HEAD)
}
row affected_resources 500
affected_resources() {
  render_resources "$1"
  git_init
  files "$1" 'environments/e/n@.yaml' "${map_file/n@/o@}"
  run=(affected --base HEAD)
}
row deps_environments 50
deps_environments() { environments "$1"; run=(deps); }
row history_commits 300
history_commits() {
  git init -q .
  { for ((i = 0; i < $1; i++)); do printf 'commit refs/heads/main\ncommitter a <a@example.com> %d +0000\ndata 1\nx\nM 100644 inline f%d\ndata <<E\nkey%d: value\nE\n' "$((i + 1000))" "$((i % 50))" "$i"; done; } | git fast-import --quiet
  git symbolic-ref HEAD refs/heads/main
  run=(secrets check --history)
}
row history_one_file 300
history_one_file() {
  git init -q .
  { for ((i = 0; i < $1; i++)); do printf 'commit refs/heads/main\ncommitter a <a@example.com> %d +0000\ndata 1\nx\nM 100644 inline f\ndata <<E\n' "$((i + 1000))"; each 200 'key@: value\n'; printf 'key%d: value\nE\n' "$i"; done; } | git fast-import --quiet
  git symbolic-ref HEAD refs/heads/main
  run=(secrets check --history)
}
row history_many_files 2000
history_many_files() {
  git init -q .
  { printf 'commit refs/heads/main\ncommitter a <a@example.com> 1000 +0000\ndata 1\nx\n'; for ((i = 0; i < $1; i++)); do printf 'M 100644 inline d%d/f%d\ndata <<E\nkey%d: value\nE\n' "$((i % 100))" "$i" "$i"; done; } | git fast-import --quiet
  git symbolic-ref HEAD refs/heads/main
  run=(secrets check --history)
}
row secrets_check_files 1000
secrets_check_files() { files "$1" 'n@.yaml' "$map_file"; git_init; run=(secrets check); }
row environment_scripts 300
environment_scripts() {
  environment
  files "$1" 'environments/e/n@.yaml' "$map_file"
  { echo 'resources:'; each "$1" '- n@.yaml\n'; } >environments/e/kustomization.yaml
  { echo 'scripts:'; each "$1" '- {file: n@.yaml, expression: .data.k0 = "x"}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_scripts_one_file 300
environment_scripts_one_file() {
  environment
  { echo 'scripts:'; each "$1" '- {file: map.yaml, expression: .data.k0 = "x@"}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_images 1000
environment_images() {
  environment
  { pod pod; each "$1" '  - {name: c@, image: "i@:v1"}\n'; } >environments/e/map.yaml
  { echo images:; each "$1" '- {name: i@, newTag: v2}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_replicas 500
environment_replicas() {
  environment
  each "$1" '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d@}\nspec: {replicas: 1}\n' >environments/e/map.yaml
  { echo replicas:; each "$1" '- {name: d@, count: 2}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_expect 500
environment_expect() {
  environment_images "$1"
  { echo images:; each "$1" '- {name: i@, newTag: v2}\n'; echo expect:; each "$1" '- {image: i@, matches: 1}\n'; } >environments/e/environment.yaml
}
row environment_configs 300
environment_configs() {
  environment
  files "$1" 'c/c@/f.yaml' 'a: @\n'
  { echo configs:; each "$1" '- {from: ../../c/c@, to: configs/c@}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_namespaces 1000
environment_namespaces() {
  environment
  each "$1" '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d, namespace: n@}\n' >environments/e/map.yaml
  { echo namespaces:; each "$1" '  n@: o@\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_namespaces_in_text 200
environment_namespaces_in_text() {
  environment
  each "$1" '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d@, namespace: n@}\ndata: {t: "a n@.svc b"}\n' >environments/e/map.yaml
  { echo namespaces:; each "$1" '  n@: o@\n'; echo namespacesInText:; each "$1" '- {object: ConfigMap/d@, path: data/t}\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_substitute 2000
environment_substitute() {
  environment
  { map map 1; each "$1" '  t@: ${v@}x\n'; } >environments/e/map.yaml
  { echo 'substitute:'; echo '  values:'; each "$1" '    v@: a\n'; } >environments/e/environment.yaml
  run=(render e)
}
row environment_guard_allow 1000
environment_guard_allow() {
  environment
  { echo 'guard:'; echo '  allow:'; each "$1" '  - {path: x@, reason: sample}\n'; } >kustom.yaml
  run=(check)
}
row environment_extends 30
environment_extends() {
  environment
  mv environments/e environments/e0
  files "$1" 'environments/f@/environment.yaml' 'extends: f@\n'
  for ((i = 0; i < $1; i++)); do echo "extends: f$((i + 1))" >"environments/f$i/environment.yaml"; done
  mv environments/e0 "environments/f$1"
  run=(render f0)
}
row secrets_named 300
secrets_named() {
  environment
  { echo secretGenerator:; each "$1" '- {name: s@, files: [secrets/s@/secret]}\n'; } >environments/e/kustomization.yaml
  files "$1" 'secrets-boilerplate/s@/secret' 'CHANGE_ME\n'
  echo 'secretsBoilerplate: secrets-boilerplate' >kustom.yaml
  run=(render e --secrets placeholder)
}
row edit_add 3000
edit_add() {
  mkdir app
  { echo resources:; each "$1" '- r@.yaml\n'; } >app/kustomization.yaml
  touch app/new.yaml
  run=(edit -C app add resource new.yaml --dry-run)
}
row edit_remove 2000
edit_remove() {
  mkdir app
  { echo resources:; each "$1" '- r@.yaml\n'; } >app/kustomization.yaml
  run=(edit -C app remove resource 'r*.yaml' --dry-run)
}
row edit_set_images 1000
edit_set_images() {
  mkdir app
  { echo images:; each "$1" '- {name: i@, newTag: v1}\n'; } >app/kustomization.yaml
  run=(edit -C app set image --dry-run)
  for ((i = 0; i < $1; i++)); do run+=("i$i=i$i:v2"); done
}
row edit_add_many 1000
edit_add_many() {
  mkdir app
  echo '{}' >app/kustomization.yaml
  files "$1" 'app/r@.yaml' "$map_file"
  run=(edit -C app add resource '*.yaml' --dry-run)
}
row edit_add_labels 1000
edit_add_labels() {
  mkdir app
  echo '{}' >app/kustomization.yaml
  labels=$(each "$1" 'l@:v,')
  run=(edit -C app add label "${labels%,}" --dry-run)
}
row edit_diff 3000
edit_diff() {
  edit_remove "$1"
  run=(edit -C app remove resource 'r*.yaml' --dry-run --diff)
}
row edit_fix 1000
edit_fix() {
  mkdir app
  files "$1" 'app/n@.yaml' "$map_file"
  { echo 'commonLabels: {a: b}'; echo 'bases: []'; echo resources:; each "$1" '- n@.yaml\n'; echo patchesStrategicMerge:; each "$1" '- "{apiVersion: v1, kind: ConfigMap, metadata: {name: n@}, data: {z: y}}"\n'; } >app/kustomization.yaml
  run=(edit -C app fix --dry-run)
}
row localize_files 500
localize_files() {
  mkdir app
  files "$1" 'app/n@.yaml' "$map_file"
  { echo 'resources:'; each "$1" '- n@.yaml\n'; } >app/kustomization.yaml
  run=(localize app out)
}
row localize_directories 200
localize_directories() {
  mkdir app
  files "$1" 'b@/n.yaml' "$map_file"
  files "$1" 'b@/kustomization.yaml' 'resources: [n.yaml]\n'
  { echo 'resources:'; each "$1" '- ../b@\n'; } >app/kustomization.yaml
  run=(localize app out --scope .)
}
row explain_all 2000
explain_all() { environment; maps "$1" >environments/e/map.yaml; run=(explain e); }
row explain_steps 300
explain_steps() { render_patches "$1"; run=(explain e ConfigMap/map data.k1); }
row explain_labels 500
explain_labels() { render_labels "$1"; run=(explain e ConfigMap/map); }
row explain_field 3000
explain_field() { environment; map map "$1" >environments/e/map.yaml; run=(explain e ConfigMap/map data); }
row blame_objects 2000
blame_objects() { environment; maps "$1" >environments/e/map.yaml; run=(blame e); }
row blame_one_object 10000
blame_one_object() { environment; map map "$1" >environments/e/map.yaml; run=(blame e); }
row blame_text 10000
blame_text() {
  environment
  { map map 0; echo '  text: |'; each "$1" '    line @\n'; } >environments/e/map.yaml
  run=(blame e)
}
row blame_steps 300
blame_steps() { render_patches "$1"; run=(blame e); }
row blame_reverse 2000
blame_reverse() { environment; maps "$1" >environments/e/map.yaml; run=(blame --reverse environments/e/map.yaml); }
row substitute_variables 5000
substitute_variables() {
  { map map 1; each "$1" '  t@: ${v@}x\n'; } >m.yaml
  each "$1" 'v@: a\n' >v.yaml
  run=(substitute --values v.yaml m.yaml)
}
row substitute_objects 3000
substitute_objects() {
  each "$1" '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "m@"}\ndata: {k: "${v@}x"}\n' >m.yaml
  each "$1" 'v@: a\n' >v.yaml
  run=(substitute --values v.yaml m.yaml)
}
row substitute_long_text 20000
substitute_long_text() {
  { map map 1; echo '  text: |'; each "$1" '    line ${v} @\n'; } >m.yaml
  run=(substitute --set v=a m.yaml)
}
row substitute_nested 200
substitute_nested() {
  { map map 1; printf '  text: "'; each "$1" '${a@:-'; printf x; each "$1" '}'; echo '"'; } >m.yaml
  run=(substitute --set v=a --lenient m.yaml)
}
row substitute_replace 2000
substitute_replace() {
  { map map 1; echo '  text: "${v//a/bb}"'; } >m.yaml
  echo "v: $(each "$1" 'aaaaaaaaaaaaaaaaaaaa')" >v.yaml
  run=(substitute --values v.yaml m.yaml)
}
row substitute_glob 1000
substitute_glob() {
  { map map 1; echo '  text: "${v%%*b*c}"'; } >m.yaml
  echo "v: $(each "$1" 'aaaabaaaa')" >v.yaml
  run=(substitute --values v.yaml m.yaml)
}
row substitute_dollars 20000
substitute_dollars() {
  { map map 1; printf '  text: "${v}'; each "$1" '$$'; echo '"'; } >m.yaml
  run=(substitute --set v=a m.yaml)
}
application_set() { # application_set: the head
  printf 'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: apps, namespace: argocd}\nspec:\n  goTemplate: true\n  template:\n    metadata: {name: "%s"}\n    spec:\n      project: default\n      source: {repoURL: https://git.example.org/deploy, path: apps}\n      destination: {name: in-cluster, namespace: x}\n  generators:\n' "$1"
}
row argocd_list 1000
argocd_list() {
  { application_set '{{.n}}'; printf '  - list:\n      elements:\n'; each "$1" '      - {n: a@}\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_generators 500
argocd_generators() {
  { application_set '{{.n}}'; each "$1" '  - list: {elements: [{n: a@}]}\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_matrix_one_side 500
argocd_matrix_one_side() {
  { application_set '{{.n}}-{{.m}}'; printf '  - matrix:\n      generators:\n      - list: {elements: [{m: a}]}\n      - list:\n          elements:\n'; each "$1" '          - {n: a@}\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_merge 300
argocd_merge() {
  { application_set '{{.n}}-{{.m}}'; printf '  - merge:\n      mergeKeys: [n]\n      generators:\n      - list:\n          elements:\n'; each "$1" '          - {n: a@, m: x}\n'; printf '      - list:\n          elements:\n'; each "$1" '          - {n: a@, m: y}\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_directories 500
argocd_directories() {
  files "$1" 'apps/a@/kustomization.yaml' '{}\n'
  { application_set '{{.path.basename}}'; printf '  - git:\n      repoURL: https://git.example.org/deploy\n      revision: HEAD\n      directories: [{path: apps/*}]\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_files 500
argocd_files() {
  files "$1" 'apps/a@/config.yaml' 'n: a@\n'
  { application_set '{{.n}}'; printf '  - git:\n      repoURL: https://git.example.org/deploy\n      revision: HEAD\n      files: [{path: apps/*/config.yaml}]\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_template_long 1000
argocd_template_long() {
  { application_set '{{.n}}' | sed 's/generators:/ignored: x/;$d'; } >/dev/null
  { application_set '{{.n}}'; printf '  - list:\n      elements: [{n: a, v: b}]\n      template:\n        metadata:\n          name: a\n          annotations:\n'; each "$1" '            a@: "x{{.v}}"\n'; printf '        spec: {project: p, destination: {name: c}}\n'; } >set.yaml
  run=(argocd applications set.yaml)
}
row argocd_environments 50
argocd_environments() {
  environment; rm -r environments
  mkdir -p argocd apps; echo 'argocd: [argocd]' >kustom.yaml; map map >apps/map.yaml
  for ((i = 0; i < $1; i++)); do printf 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a%d, namespace: argocd}\nspec:\n  project: default\n  source: {repoURL: https://git.example.org/deploy, path: apps}\n  destination: {name: in-cluster, namespace: shop}\n' "$i" >"argocd/a$i.yaml"; done
  run=(check)
}
flux_object() { # flux_object NUMBER [LINE]
  printf -- '---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k%s, namespace: flux-system}\nspec:\n  path: ./apps\n%s' "$1" "${2:-}"
}
flux_project() {
  mkdir -p clusters/prod apps; echo 'flux: [clusters/*]' >kustom.yaml; map map >apps/map.yaml
}
row flux_objects 100
flux_objects() { flux_project; for ((i = 0; i < $1; i++)); do flux_object "$i"; done >clusters/prod/all.yaml; run=(check); }
row flux_depends_on_chain 100
flux_depends_on_chain() { flux_project; for ((i = 0; i < $1; i++)); do flux_object "$i" "  dependsOn: [{name: k$((i + 1))}]"$'\n'; done >clusters/prod/all.yaml; run=(check); }
row flux_depends_on_many 1000
flux_depends_on_many() {
  flux_project
  { flux_object 0; echo '  dependsOn:'; each "$1" '  - {name: x@}\n'; } >clusters/prod/all.yaml
  run=(check)
}
row flux_render_one 200
flux_render_one() { flux_project; for ((i = 0; i < $1; i++)); do flux_object "$i"; done >clusters/prod/all.yaml; run=(render k0); }
row flux_variables 3000
flux_variables() {
  flux_project
  { flux_object 0; printf '  postBuild:\n    substitute:\n'; each "$1" '      v@: a\n'; } >clusters/prod/all.yaml
  { map map 1; each "$1" '  t@: ${v@}x\n'; } >apps/map.yaml
  run=(render k0)
}
row flux_patches 300
flux_patches() {
  flux_project
  { flux_object 0; printf '  patches:\n'; each "$1" '  - {target: {kind: ConfigMap}, patch: "- {op: add, path: /data/x@, value: v}"}\n'; } >clusters/prod/all.yaml
  run=(render k0)
}
row diff_text 5000
diff_text() { map m "$1" >a.yaml; map m "$1" | sed 's/: v/: w/' >b.yaml; run=(diff --files a.yaml b.yaml --exit-zero); }
for format in unified json markdown html; do
  row "diff_$format" 5000
  eval "diff_$format() { diff_text \"\$1\"; run+=(--format $format); }"
done
row diff_objects 2000
diff_objects() { maps "$1" >a.yaml; maps "$1" | sed 's/k: v/k: w/' >b.yaml; run=(diff --files a.yaml b.yaml --exit-zero); }
row diff_renamed_objects 500
diff_renamed_objects() { maps "$1" >a.yaml; maps "$1" | sed 's/name: m/name: n/' >b.yaml; run=(diff --files a.yaml b.yaml --exit-zero); }
row diff_other_objects 500
diff_other_objects() { maps "$1" >a.yaml; maps "$1" | sed 's/name: m/name: n/;s/k: v/x: y/' >b.yaml; run=(diff --files a.yaml b.yaml --exit-zero); }
row diff_long_text 5000
diff_long_text() {
  { map m 0; echo '  text: |'; each "$1" '    line @\n'; } >a.yaml
  { map m 0; echo '  text: |'; each "$1" '    lime @\n'; } >b.yaml
  run=(diff --files a.yaml b.yaml --exit-zero)
}
row diff_long_list 2000
diff_long_list() {
  { pod p; echo '    args:'; each "$1" '    - a@\n'; } >a.yaml
  { pod p; echo '    args:'; each "$1" '    - b@\n'; } >b.yaml
  run=(diff --files a.yaml b.yaml --exit-zero)
}
row diff_keyed_list 2000
diff_keyed_list() {
  { pod p; echo '    env:'; each "$1" '    - {name: A@, value: a}\n'; } >a.yaml
  { pod p; echo '    env:'; each "$1" '    - {name: B@, value: a}\n'; } >b.yaml
  run=(diff --files a.yaml b.yaml --exit-zero)
}
row diff_environments 30
diff_environments() {
  environments "$1"; git_init; map map 2 | sed 's/v0/w/' >base/map.yaml
  run=(diff --against HEAD --format markdown --exit-zero)
}
row overlays_chain 300
overlays_chain() {
  files "$(($1 + 1))" 'o@/kustomization.yaml' 'resources: [map.yaml]\n'; map map >o0/map.yaml
  for ((i = 1; i <= $1; i++)); do printf 'resources: [../o%d]\n' "$((i - 1))" >"o$i/kustomization.yaml"; done
  run=(build "o$1")
}
row overlays_chain_prefix 100
overlays_chain_prefix() {
  files "$(($1 + 1))" 'o@/kustomization.yaml' 'resources: [map.yaml]\n'; map map >o0/map.yaml
  for ((i = 1; i <= $1; i++)); do printf 'resources: [../o%d]\nnamePrefix: a\nlabels: [{pairs: {l%d: v}}]\n' "$((i - 1))" "$i" >"o$i/kustomization.yaml"; done
  run=(build "o$1")
}
row gitattributes 5000
gitattributes() {
  environment
  each "$1" '*.x@ text\n' >.gitattributes
  git_init
  run=(diff e --against HEAD --exit-zero)
}
row gitignore 5000
gitignore() {
  environment
  each "$1" 'x@/*.tmp\n' >.gitignore
  git_init
  run=(check)
}
row properties 5000
properties() { each "$1" 'a.b@.c = v\n' >a.properties; run=(yq -p props -o yaml . a.properties); }
row properties_out 5000
properties_out() { each "$1" 'b@: {c: v}\n' >a.yaml; run=(yq -o props . a.yaml); }
for format in xml csv toml json lua ini; do
  row "to_$format" 3000
  eval "to_$format() { case $format in csv) each \"\$1\" '- {a: @, b: v}\n' ;; xml) echo 'r:'; each \"\$1\" '  b@: v\n' ;; *) each \"\$1\" 'b@: v\n' ;; esac >a.yaml; run=(yq -o $format . a.yaml); }"
done
row from_xml 3000
from_xml() { { echo '<r>'; each "$1" '<b@ c="1">v</b@>\n'; echo '</r>'; } >a.xml; run=(yq -p xml -o yaml . a.xml); }
row from_toml 3000
from_toml() { each "$1" 'b@ = "v"\n' >a.toml; run=(yq -p toml -o yaml . a.toml); }
row from_toml_tables 2000
from_toml_tables() { each "$1" '[t.b@]\nc = "v"\n' >a.toml; run=(yq -p toml -o yaml . a.toml); }
row from_ini 3000
from_ini() { each "$1" '[s@]\nc = v\n' >a.ini; run=(yq -p ini -o yaml . a.ini); }
row lock_file 500
lock_file() {
  environment
  { printf 'version: 1\nrepositories:\n'; each "$1" '- {url: "https://git.example.org/r@", commit: 0123456789012345678901234567890123456789}\n'; } >kustom.lock
  run=(render e)
}

# seconds NAME SIZE: the processor time of a row, and its exit code.
seconds() {
  local directory code
  directory=$(mktemp -d "$scratch/XXXXXX")
  cd "$directory" || exit 2
  "$1" "$2" >/dev/null 2>&1
  TIMEFORMAT='%U %S'
  { time timeout 120 "$kustom" "${run[@]}" >"$scratch/out" 2>"$scratch/err"; echo "$?" >"$scratch/code"; } 2>"$scratch/time"
  code=$(cat "$scratch/code")
  cd "$scratch" && rm -rf "$directory"
  awk -v code="$code" '{printf "%.3f %s\n", $1 + $2, code}' "$scratch/time"
}

list=
[ "${1:-}" = --list ] && { list=1; shift; }
kustom=$here/target/fast/kustom
[ -x "${1:-}" ] && { kustom=$(realpath "$1"); shift; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
export RAYON_NUM_THREADS=1 KUSTOM_OFFLINE=1 XDG_CACHE_HOME=$scratch/cache
for line in "${rows[@]}"; do
  read -r name size <<<"$line"
  size=$((size * ${GROWTH_SCALE:-1}))
  wanted=$([ $# = 0 ] && echo 1)
  for word in "$@"; do [[ $name == *$word* ]] && wanted=1; done
  [ -n "$wanted" ] || continue
  [ -n "$list" ] && { echo "$name $size"; continue; }
  read -r small code_small <<<"$(seconds "$name" "$size")"
  read -r large code_large <<<"$(seconds "$name" $((4 * size)))"
  remark=
  [ "$code_large" -gt 1 ] && remark=" $(head -c 150 "$scratch/err" | head -1)"
  ratio=$(awk -v a="$small" -v b="$large" 'BEGIN {printf "%.1f", b / (a > 0.004 ? a : 0.004)}')
  printf '%-32s %7d %8.3f %8.3f %6s  %s %s%s\n' "$name" "$size" "$small" "$large" "$ratio" "$code_small" "$code_large" "$remark"
  awk -v r="$ratio" -v b="$large" 'BEGIN {exit !(r > 8 && b > 0.2)}' && failed=1
done
exit "$failed"
