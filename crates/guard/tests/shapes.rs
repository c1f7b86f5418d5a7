//! Every format of the table in every shape that a deployment gives it, drawn anew at each run of
//! the tests: no token stands in a file of this repository.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod draw;

use base64::Engine as _;
use draw::Draw;
use kustom_guard::{Guard, formats};
use regex_syntax::hir::{Class, Hir, HirKind};

impl Draw {
    fn string(&mut self, signs: &str, length: usize) -> String {
        let signs: Vec<char> = signs.chars().collect();
        (0..length)
            .map(|_| signs[self.below(signs.len())])
            .collect()
    }

    /// A text that an expression matches.
    fn matching(&mut self, hir: &Hir, out: &mut String) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).unwrap()),
            HirKind::Class(class) => out.push(self.one_of(class)),
            HirKind::Repetition(repeated) => {
                let least = repeated.min as usize;
                let most = repeated.max.map_or(least + 8, |max| max as usize);
                let count = least + self.below(most.min(least + 8) - least + 1);
                for _ in 0..count {
                    self.matching(&repeated.sub, out);
                }
            }
            HirKind::Capture(group) => self.matching(&group.sub, out),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.matching(part, out)),
            HirKind::Alternation(parts) => {
                let part = self.below(parts.len());
                self.matching(&parts[part], out);
            }
        }
    }

    fn one_of(&mut self, class: &Class) -> char {
        let signs: Vec<char> = match class {
            Class::Unicode(class) => class.iter().flat_map(|r| r.start()..=r.end()).collect(),
            Class::Bytes(class) => class
                .iter()
                .flat_map(|r| r.start()..=r.end())
                .map(char::from)
                .collect(),
        };
        signs[self.below(signs.len())]
    }
}

/// The rules of passwords, which no expression draws.
const PASSWORDS: [&str; 5] = [
    "command-line-password",
    "credential",
    "secret-file",
    "sql-password",
    "url-password",
];

/// The shapes: a name, the file's path, and the file around a token.
const SHAPES: &[(&str, &str, &str)] = &[
    (
        "env",
        "deploy.yaml",
        "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        env:\n        - name: APP_SETTING\n          value: \"{}\"\n",
    ),
    (
        "secretGenerator",
        "kustomization.yaml",
        "secretGenerator:\n- name: app\n  literals:\n  - setting={}\n",
    ),
    (
        "flow generator",
        "kustomization.yml",
        "secretGenerator: [{name: app, literals: ['setting={}']}]\n",
    ),
    (
        "stringData",
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  setting: {}\n",
    ),
    (
        "data",
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  setting: {base64}\n",
    ),
    (
        "base64 in a config map",
        "configmap.yaml",
        "kind: ConfigMap\ndata:\n  setting: {base64}\n",
    ),
    (
        "base64 in a script",
        "run.sh",
        "echo '{base64}' | base64 -d > file\n",
    ),
    (
        "base64 behind a user",
        "values.yaml",
        "app:\n  setting: \"{base64 of user}\"\n",
    ),
    (
        "args",
        "deploy.yaml",
        "containers:\n- name: app\n  args:\n  - --setting={}\n  - --other\n",
    ),
    ("dotenv", "app.env", "# settings\nSETTING={}\nOTHER=1\n"),
    (
        "configmap",
        "configmap.yaml",
        "kind: ConfigMap\ndata:\n  app.properties: |\n    a=b\n    setting={}\n",
    ),
    (
        "values",
        "values.yaml",
        "app:\n  setting: '{}'\n  replicas: 2\n",
    ),
    (
        "json6902",
        "kustomization.yaml",
        "patches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - op: add\n      path: /data/setting\n      value: {}\n",
    ),
    ("raw", "files/setting.txt", "{}\n"),
    (
        "script",
        "run.sh",
        "#!/bin/sh\nset -e\nexport SETTING=\"{}\"\ncurl https://example.org/$SETTING\n",
    ),
    (
        "code",
        "main.go",
        "package main\n\nconst setting = \"{}\"\n",
    ),
    (
        "json",
        "app.json",
        "{\"a\": {\"setting\": \"{}\", \"n\": 1}}",
    ),
    ("toml", "app.toml", "[app]\nsetting = \"{}\"\n"),
    ("escaped", "deploy.yaml", "args: [\"-c\", \"x\\n{}\\ny\"]\n"),
    ("crlf", "app.env", "A=1\r\nSETTING={}\r\nB=2\r\n"),
    ("comment", "deploy.yaml", "a: b\n# was {}\nc: d\n"),
];

fn filled(shape: &str, token: &str) -> String {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    shape
        .replace("{base64}", &encode(token))
        .replace("{base64 of user}", &encode(&format!("bot:{token}")))
        .replacen("{}", token, 1)
}

#[test]
fn every_format_is_found_in_every_shape() {
    let guard = Guard::new();
    let mut draw = Draw(17);
    let mut missed = Vec::new();
    let mut count = 0;
    for (rule, expression) in formats().filter(|(rule, _)| !PASSWORDS.contains(rule)) {
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .unicode(false)
            .build()
            .parse(expression)
            .unwrap();
        for &(name, path, shape) in SHAPES {
            for _ in 0..2 {
                let mut token = String::new();
                draw.matching(&hir, &mut token);
                let text = filled(shape, &token);
                count += 1;
                if guard.scan(path, text.as_bytes()).leaks.is_empty() {
                    missed.push((rule, name));
                }
            }
        }
    }
    // A drawn token may happen to be a regular one, and is left alone then.
    assert!(
        missed.len() * 500 < count,
        "{} of {count}: {missed:?}",
        missed.len()
    );
}

/// How values look that no issuer marks: alphabet and length.
const VALUES: &[(&str, &str, usize)] = &[
    ("hex 20", "0123456789abcdef", 20),
    ("hex 32", "0123456789abcdef", 32),
    ("hex 40", "0123456789abcdef", 40),
    ("hex 64", "0123456789abcdef", 64),
    ("letters and digits 20", LETTERS_AND_DIGITS, 20),
    ("letters and digits 32", LETTERS_AND_DIGITS, 32),
    ("base64 44", BASE64, 44),
    ("base64 88", BASE64, 88),
    ("url 43", URL_SAFE, 43),
    ("password 16", PASSWORD, 16),
    ("lower 24", "abcdefghijklmnopqrstuvwxyz0123456789", 24),
    ("base32 32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32),
];

const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PASSWORD: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789!%+.~^";

/// Where such values stand: their place or their name says that they are secrets.
const PLACES: &[(&str, &str, &str)] = &[
    (
        "generator, any key",
        "kustomization.yaml",
        "secretGenerator:\n- name: app\n  literals:\n  - honk=\"{}\"\n",
    ),
    (
        "generator, flow",
        "Kustomization",
        "secretGenerator: [{name: a, literals: [\"hmac={}\"]}]\n",
    ),
    (
        "generator, json",
        "kustomization.yaml",
        "{\"secretGenerator\": [{\"name\": \"a\", \"literals\": [\"cookie={}\"]}]}\n",
    ),
    (
        "generator, lines",
        "kustomization.yml",
        "secretGenerator:\n- name: oauth\n  literals:\n  - |\n    secret=client_id: abc\n    client_secret: \"{}\"\n",
    ),
    (
        "generator plugin",
        "generator.yaml",
        "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: x}\nliterals:\n- honk={}\n",
    ),
    (
        "config map generator",
        "kustomization.yaml",
        "configMapGenerator:\n- name: app\n  literals:\n  - DB_PASSWORD={}\n",
    ),
    (
        "stringData, any key",
        "s.yaml",
        "kind: Secret\nstringData:\n  honk: \"{}\"\n",
    ),
    (
        "data, any key",
        "s.yaml",
        "kind: Secret\ndata:\n  honk: {base64}\n",
    ),
    (
        "data, json",
        "s.json",
        "{\"kind\": \"Secret\", \"data\": {\"honk\": \"{base64}\"}}",
    ),
    (
        "list of secrets",
        "s.yaml",
        "kind: List\nitems:\n- kind: ConfigMap\n- kind: Secret\n  stringData: {honk: \"{}\"}\n",
    ),
    (
        "secret list",
        "s.yaml",
        "kind: SecretList\nitems:\n- data: {honk: {base64}}\n",
    ),
    (
        "block",
        "s.yaml",
        "kind: Secret\nstringData:\n  app.conf: |\n    user = bob\n    password = {}\n",
    ),
    (
        "anchor",
        "s.yaml",
        "x-shared: &v \"{}\"\nkind: Secret\nstringData:\n  honk: *v\n",
    ),
    (
        "last applied",
        "s.yaml",
        "kind: Secret\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"kind\":\"Secret\",\"stringData\":{\"honk\":\"{}\"}}\n",
    ),
    (
        "patch inline",
        "kustomization.yaml",
        "patches:\n- patch: |-\n    kind: Secret\n    metadata: {name: a}\n    stringData: {honk: \"{}\"}\n",
    ),
    (
        "patch json",
        "kustomization.yaml",
        "patches:\n- target: {kind: Secret}\n  patch: |-\n    - op: add\n      path: /stringData/honk\n      value: \"{}\"\n",
    ),
    (
        "patch json data",
        "patch.yaml",
        "- op: replace\n  path: /data/honk\n  value: {base64}\n",
    ),
    (
        "kubeconfig",
        "kubeconfig",
        "apiVersion: v1\nkind: Config\nusers:\n- name: ci\n  user:\n    token: \"{}\"\n",
    ),
    (
        "kubeconfig password",
        "config.yaml",
        "kind: Config\nusers:\n- name: ci\n  user: {username: ci, password: \"{}\"}\n",
    ),
    (
        "env",
        "d.yaml",
        "env:\n- name: DB_PASSWORD\n  value: \"{}\"\n",
    ),
    (
        "env turned",
        "d.yaml",
        "env:\n- value: \"{}\"\n  name: DB_PASSWORD\n",
    ),
    (
        "compose",
        "docker-compose.yml",
        "services:\n  db:\n    environment:\n    - POSTGRES_PASSWORD={}\n",
    ),
    ("flag", "d.yaml", "args:\n- --db-password={}\n"),
    (
        "flag apart",
        "d.yaml",
        "args: [\"--client-secret\", \"{}\"]\n",
    ),
    (
        "redis.conf",
        "redis.conf",
        "bind 0.0.0.0\nrequirepass {}\nmaxmemory 1gb\n",
    ),
    (
        "ldap",
        "configmap.yaml",
        "kind: ConfigMap\ndata:\n  nslcd.conf: |\n    binddn cn=a\n    bindpw {}\n",
    ),
    (
        "nginx",
        "site.conf",
        "location / {\n  proxy_set_header Authorization \"Bearer {}\";\n}\n",
    ),
    (
        "envoy",
        "envoy.yaml",
        "secrets:\n- name: a\n  generic_secret:\n    secret:\n      inline_string: \"{}\"\n",
    ),
    (
        "envoy in a config map",
        "configmap.yaml",
        "kind: ConfigMap\ndata:\n  envoy.yaml: |\n    generic_secret:\n      secret:\n        inline_string: \"{}\"\n",
    ),
    ("dsn", "app.env", "DSN=app:{}@tcp(db:3306)/app\n"),
    (
        "sql",
        "init.sql",
        "CREATE USER app WITH LOGIN PASSWORD '{}';\n",
    ),
    (
        "sql of mysql",
        "configmap.yaml",
        "kind: ConfigMap\ndata:\n  init.sql: |\n    CREATE USER 'a'@'%' IDENTIFIED BY '{}';\n",
    ),
    (
        "script of yq 3",
        "yq_scripts/config.yaml",
        "- command: update\n  path: db.password\n  value: {}\n",
    ),
    (
        "source value",
        "kustomization.yaml",
        "replacements:\n- sourceValue: \"{}\"\n  targets:\n  - select: {kind: Secret}\n    fieldPaths: [stringData.honk]\n",
    ),
    (
        "redis",
        "d.yaml",
        "command: [\"redis-server\", \"--requirepass\", \"{}\"]\n",
    ),
    ("mysql", "run.sh", "mysql -h db -u root -p{} app\n"),
    (
        "helm set",
        "deploy.sh",
        "helm upgrade app ./chart --set auth.password={} --wait\n",
    ),
    ("curl", "run.sh", "curl -u bob:{} https://example.org/api\n"),
    (
        "header",
        "run.sh",
        "curl -H 'Authorization: Bearer {}' https://example.org\n",
    ),
    (
        "url",
        "app.yaml",
        "dsn: postgres://app:{}@db.svc:5432/app\n",
    ),
    (
        "url of git",
        ".git-credentials",
        "https://bob:{}@github.com\n",
    ),
    (
        "netrc",
        ".netrc",
        "machine github.com\nlogin bob\npassword {}\n",
    ),
    ("pgpass", ".pgpass", "db.svc:5432:app:app:{}\n"),
    ("npmrc", ".npmrc", "//registry.npmjs.org/:_authToken={}\n"),
    (
        "pypirc",
        ".pypirc",
        "[pypi]\nusername = bob\npassword = {}\n",
    ),
    ("dotenv", ".env.production", "export API_TOKEN='{}'\n"),
    (
        "values",
        "values.yaml",
        "postgresql:\n  auth:\n    postgresPassword: \"{}\"\n",
    ),
    (
        "nested value",
        "values.yaml",
        "grafana:\n  adminPassword:\n    value: \"{}\"\n",
    ),
    ("ansible", "group_vars/all.yml", "prowHmac: \"{}\"\n"),
    (
        "properties",
        "app.properties",
        "spring.datasource.password={}\n",
    ),
    ("ini", "app.ini", "[db]\npassword = {}\n"),
    ("toml", "app.toml", "[db]\npassword = \"{}\"\n"),
    ("tfvars", "prod.tfvars", "db_password = \"{}\"\n"),
    (
        "tfstate",
        "terraform.tfstate",
        "{\"resources\": [{\"type\": \"random_password\", \"instances\": [{\"attributes\": {\"result\": \"{}\"}}]}]}",
    ),
    (
        "dockerfile",
        "Dockerfile",
        "FROM scratch\nENV DB_PASSWORD={}\n",
    ),
    (
        "workflow",
        ".github/workflows/ci.yml",
        "jobs:\n  a:\n    env:\n      API_TOKEN: \"{}\"\n",
    ),
    ("code", "main.go", "var apiToken = \"{}\"\n"),
    ("python", "settings.py", "SECRET_KEY = '{}'\n"),
    (
        "xml",
        "settings.xml",
        "<server>\n  <password>{}</password>\n</server>\n",
    ),
    (
        "file of a secret",
        "environments/production/secrets/hmac/hmac",
        "{}\n",
    ),
    ("file by name", "config/api-token", "{}"),
];

#[test]
fn what_no_issuer_marks_is_found_by_its_place_or_name() {
    let guard = Guard::new();
    let mut draw = Draw(4711);
    let mut missed: std::collections::BTreeMap<(&str, &str), usize> = Default::default();
    let mut count = 0;
    for &(name, path, shape) in PLACES {
        for &(kind, signs, length) in VALUES {
            for _ in 0..6 {
                let value = draw.string(signs, length);
                let is_url_safe = value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
                if shape.contains("://") && !is_url_safe {
                    continue;
                }
                count += 1;
                if guard
                    .scan(path, filled(shape, &value).as_bytes())
                    .leaks
                    .is_empty()
                {
                    *missed.entry((name, kind)).or_default() += 1;
                }
            }
        }
    }
    let total: usize = missed.values().sum();
    assert!(total * 200 < count, "{total} of {count}: {missed:#?}");
}

/// Files that show no secret, whatever is drawn for `{hex}`, `{sha1}`, `{b64}`, `{word}`, `{uuid}`
/// and `{low}`.
const HARMLESS: &[(&str, &str)] = &[
    (
        "s.yaml",
        "kind: Secret\nstringData:\n  token: ENC[AES256_GCM,data:{b64},iv:{b64},tag:{b64},type:str]\nsops:\n  kms: []\n  age:\n  - recipient: age1{low}{low}{low}\n    enc: |\n      -----BEGIN AGE ENCRYPTED FILE-----\n      {b64}\n      -----END AGE ENCRYPTED FILE-----\n  lastmodified: '2024-01-01T00:00:00Z'\n  mac: ENC[AES256_GCM,data:{b64}{b64},type:str]\n  pgp:\n  - fp: {sha1}\n  version: 3.8.1\n",
    ),
    (
        "s.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    password: Ag{b64}{b64}{b64}\n  template:\n    metadata: {name: token}\n    type: Opaque\n",
    ),
    (
        "e.yaml",
        "kind: ExternalSecret\nspec:\n  secretStoreRef: {name: vault, kind: SecretStore}\n  target: {name: db-password}\n  data:\n  - secretKey: password\n    remoteRef: {key: secret/data/app, property: dbPassword}\n  target2:\n    template:\n      data:\n        password: '{{ .password }}'\n",
    ),
    (
        "e.yaml",
        "kind: SecretProviderClass\nspec:\n  parameters:\n    objects: |\n      - objectName: db-password\n        secretPath: secret/data/app\n        secretKey: password\n    tenantId: {uuid}\n    clientID: {uuid}\n",
    ),
    (
        "e.yaml",
        "kind: VaultStaticSecret\nspec: {type: kv-v2, mount: kv, path: app/token, refreshAfter: 30s}\n---\nkind: OnePasswordItem\nspec: {itemPath: vaults/{low}/items/{low}}\n",
    ),
    (
        "values.yaml",
        "db:\n  password: vault:secret/data/app#password\n  token: ref+vault://secret/app#/token\n  key: op://prod/app/api-key\n  other: <path:secret/data/app#token>\n",
    ),
    (
        "d.yaml",
        "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: app-{low10}, key: password}\n- name: TOKEN_FILE\n  value: /var/run/secrets/token\nimagePullSecrets:\n- name: regcred-{low10}\nvolumes:\n- name: token\n  secret: {secretName: oauth-token-{low10}}\n",
    ),
    (
        "d.yaml",
        "args:\n- --github-token-path=/etc/github/oauth\n- --hmac-secret-file=/etc/webhook/hmac\n- --cookiefile=/etc/cookies\n- --tls-private-key-file=/certs/tls.key\n- --kubeconfig=/etc/kubeconfig/config\n- --token-ttl=3600s\n- --secret-namespace=ci-{low10}\n",
    ),
    (
        "s.yaml",
        "kind: Secret\nstringData:\n  a: CHANGE_ME\n  b: <your-token>\n  c: ${DB_PASSWORD}\n  d: $(TOKEN)\n  e: '{{ token }}'\n  f: xxxxxxxxxxxxxxxx\n  g: '****'\n  h: REDACTED\n  i: your-api-key-here\n  j: example-password\n  k: ''\n  l: '**SOPS**'\n  m: <<insert-token-here>>\n  n: TODO\n  o: placeholder-{word}\n",
    ),
    (
        "s.yaml",
        "kind: Secret\ndata:\n  a: Q0hBTkdFX01F\n  b: ZXhhbXBsZQ==\n  c: ''\n  d: eW91ci10b2tlbi1oZXJl\n",
    ),
    (
        "c.yaml",
        "webhooks:\n- clientConfig:\n    caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{b64}{b64}\n    service: {name: api}\n",
    ),
    (
        "kubeconfig",
        "kind: Config\nclusters:\n- cluster:\n    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{b64}{b64}\n    server: https://api.example.org:6443\nusers:\n- user:\n    client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{b64}\n    tokenFile: /var/run/token\n- user:\n    exec: {command: aws, args: [eks, get-token, --cluster-name, prod-{low10}]}\n",
    ),
    (
        "tls.crt",
        "-----BEGIN CERTIFICATE-----\n{b64}\n{b64}\n-----END CERTIFICATE-----\n",
    ),
    (
        "id.pub",
        "ssh-rsa AAAAB3NzaC1yc2E{b64}{b64} bob@host\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64} x\n",
    ),
    (
        "c.yaml",
        "kind: ConfigMap\ndata:\n  ssh_known_hosts: |\n    github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64}\n    gitlab.com ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY{b64}\n  fingerprint: SHA256:{b64}\n",
    ),
    (
        "d.yaml",
        "image: quay.io/app/auth-api@sha256:{hex}\nmetadata:\n  annotations:\n    checksum/secret: {hex}\n    checksum/config: {hex}\n    app.example.org/token-digest: sha256:{hex}\n  uid: {uuid}\n  resourceVersion: \"1234567890\"\n",
    ),
    (
        "d.yaml",
        "containers:\n- image: registry.example.org/team/payment-api:{sha1}\n- image: gcr.io/k8s-prow/token-{word}:v20240101-{low10}\n",
    ),
    (
        "kustomization.yaml",
        "images:\n- name: app-secret\n  newTag: {sha1}\n- name: token-api\n  digest: sha256:{hex}\nresources:\n- https://github.com/org/repo//base/secrets?ref={sha1}\n",
    ),
    (
        "c.yaml",
        "azure:\n  tenantId: {uuid}\n  clientId: {uuid}\n  subscriptionId: {uuid}\naws:\n  kmsKeyArn: arn:aws:kms:us-east-1:123456789012:key/{uuid}\n  accessKeyId: AKIAIOSFODNN7EXAMPLE\n",
    ),
    (
        "go.sum",
        "github.com/a/token v1.2.3 h1:{b64}=\ngithub.com/a/secret v1.0.0/go.mod h1:{b64}=\n",
    ),
    (
        "package-lock.json",
        "{\"packages\": {\"js-tokens\": {\"version\": \"4.0.0\", \"integrity\": \"sha512-{b64}{b64}==\"}}}",
    ),
    (
        "config.json",
        "{\"auths\": {\"quay.io\": {}}, \"credHelpers\": {\"gcr.io\": \"gcloud\"}, \"credsStore\": \"desktop\"}",
    ),
    (
        "main.go",
        "func newToken(ctx context.Context) (string, error) {\n\ttoken := os.Getenv(\"GITHUB_TOKEN\")\n\tpassword := flag.String(\"password\", \"\", \"the password\")\n\treturn token + *password, nil\n}\n",
    ),
    (
        "app.py",
        "api_key = os.environ['API_KEY']\npassword = getpass.getpass()\ntoken = request.headers.get('Authorization')\n",
    ),
    (
        "ci.yml",
        "env:\n  TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  PASSWORD: $CI_REGISTRY_PASSWORD\nsteps:\n- uses: actions/checkout@{sha1}\n- uses: org/token-action@{sha1} # v4\n",
    ),
    (
        "role.yaml",
        "rules:\n- apiGroups: ['']\n  resources: [secrets, serviceaccounts/token]\n  verbs: [get]\n",
    ),
    (
        "README.md",
        "Set `token` to your token, and `password` to the password of {word}.\n\n    kubectl create secret generic app --from-literal=password=<password>\n",
    ),
    (
        "ns.yaml",
        "kind: Secret\nmetadata: {name: builder-token-{low10}}\ntype: kubernetes.io/service-account-token\n",
    ),
    (
        "cm.yaml",
        "kind: ConfigMap\ndata:\n  url: https://bob@example.org/x\n  dsn: postgres://app:${DB_PASSWORD}@db:5432/app\n  dsn2: postgres://user:password@localhost/db\n  dsn3: redis://:{{ .password }}@redis\n",
    ),
    (
        "k.yaml",
        "secretGenerator:\n- name: app-token\n  files: [secrets/token, key=secrets/api-key]\n  envs: [secrets/db.env]\n  options: {disableNameSuffixHash: true}\ngeneratorOptions:\n  labels: {app.kubernetes.io/secret: token-{word}}\n",
    ),
    (
        "es.yaml",
        "kind: ExternalSecret\nspec:\n  data:\n  - secretKey: {CAPS}_{CAPS}_KEY\n    remoteRef: {key: shop, property: {mix}}\n  - secretKey: {mix}\n    remoteRef: {key: shop/{mix}}\n",
    ),
    (
        "test.log",
        "=== RUN   TestShop/V2_to_V3_{mix}\n--- PASS: TestShop/V2_to_V3_{mix} (0.01s)\nPASS: TestBar_{mix}\nPASS\n",
    ),
    (
        "yarn.lock",
        "\"minipass@npm:^7.0.4\":\n  version: 7.0.4\n  dependencies:\n    fs-minipass: \"npm:^3.0.0\"\n  checksum: 10c0/{hex}\n  token: {mix}\n",
    ),
    (
        "package.yaml",
        "dependencies:\n  minipass: \"npm:^7.0.4\"\n  secret-token: ^3.0.0-rc.1\n",
    ),
    (
        ".sops.yaml",
        "keys:\n- &alice {FPR}\ncreation_rules:\n- encrypted_regex: ^(data|stringData)$\n  pgp: {FPR},{FPR}\n",
    ),
    ("gpg.yaml", "keys:\n- {FPR}\ngit:\n  signingKey: {FPR}\n"),
    (
        "patch.yaml",
        "# Flags: redacts the value in --password,--pass, -Ddb.password=123, -a\na: b\n",
    ),
    (
        "turn.conf",
        "#userdb=\"host=<host> user=<database-user> password=<database-user-password> connect_timeout=30\"\n",
    ),
    (
        "redact.go",
        "var redact = regexp.MustCompile(`(?i)(Authorization:\\s*Bearer\\s+)[^\\s]+`)\npass := fmt.Sprintf(\"%s$%v:%s$%s:%s\", a, n)\nvar ann = map[string]string{api.SpecHashAnnotationKey: \"{md5}\"}\n",
    ),
    (
        "c.yaml",
        "recaptcha:\n  siteKey: 6L{mix}\nrum:\n  clientToken: pub{md5}\nstripe:\n  publishableKey: pk_live_{mix}\nconfigHash: {md5}\nvalidation:\n  tokenPattern: ^[a-z]+-[0-9]+{40}$\n",
    ),
    (
        "docs.md",
        "（例如：--field-selector key1=value1,key2=value2)。服务器仅支持有限的字段。\n[meeting](https://zoom.us/j/86148?pwd={mix})\n",
    ),
    (
        "yarn.cjs",
        "r.password===\"\"?r.password=r.url.password:r.url.password=r.password}let{cookieJar:E}=r;x=[\"injectNpmUser\",\"injectNpmPassword\",\"injectNpm2FaToken\"];e=\"Input new password: \"),E=n.limitMessage;Key: newKVJWK([]byte(jwkPubRSA)),\n",
    ),
    (
        "d.drawio",
        "<mxCell id=\"{mix}\" value=\"&lt;b&gt;ExternalSecret&lt;br&gt;&lt;/b&gt;key=secret/password\" style=\"rounded=0;whiteSpace=wrap\"/>\n",
    ),
    (
        "run.sh",
        "sed 's|^GOROOT=\\|^SHELL=\\|^PWD=\\|^TERM=\\|^RUBY_|'\nmysql -h mysql2 -p\\n\\nTo connect\n",
    ),
    (
        "zh.json",
        "{\"Add Identity Provider: HTPasswd\": \"添加身份供应商：HTPasswd\", \"API_KEY\": \"*****VZYKYJNMMEMK*****\"}",
    ),
    (
        "keeper.yaml",
        "kind: ExternalSecret\nspec:\n  dataFrom:\n  - extract: {key: {mix}}\n",
    ),
    (
        "secret_test.go",
        "const m = `\nkind: Secret\ndata:\n  ca.crt: |\n    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUY{b64}\n    {b64}\n    {b64}\n`\n",
    ),
];

#[test]
fn what_only_looks_like_a_secret_is_left_alone() {
    let guard = Guard::new();
    let mut draw = Draw(99);
    let mut alarms = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..18 {
        for (path, shape) in HARMLESS {
            let mut text = (*shape).to_owned();
            for (mark, signs, length) in [
                ("{hex}", "0123456789abcdef", 64),
                ("{sha1}", "0123456789abcdef", 40),
                ("{b64}", BASE64, 60),
                ("{CAPS}", "BCDFGHJKLMNPQRSTVWXZ", 6),
                ("{FPR}", "0123456789ABCDEF", 40),
                ("{md5}", "0123456789abcdef", 32),
                ("{mix}", LETTERS_AND_DIGITS, 38),
                ("{low10}", "bcdfghjklmnpqrstvwxz2456789", 10),
                ("{low}", "abcdefghijklmnopqrstuvwxyz0123456789", 26),
            ] {
                while text.contains(mark) {
                    text = text.replacen(mark, &draw.string(signs, length), 1);
                }
            }
            while text.contains("{uuid}") {
                let hex = draw.string("0123456789abcdef", 32);
                let uuid = [
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..16],
                    &hex[16..20],
                    &hex[20..],
                ]
                .join("-");
                text = text.replacen("{uuid}", &uuid, 1);
            }
            let words = [
                "grafana", "deck", "network", "storage", "gateway", "builder",
            ];
            text = text.replace("{word}", words[round % words.len()]);
            for leak in guard.scan(path, text.as_bytes()).leaks {
                if leak.severity > kustom_yaml::finding::Severity::Note {
                    *alarms
                        .entry(format!(
                            "{} {path}:{} {:?}",
                            leak.rule, leak.span.line, leak.key
                        ))
                        .or_default() += 1;
                }
            }
        }
    }
    assert!(alarms.is_empty(), "{alarms:#?}");
}
