//! Tests of edits on texts as people write them.

use super::*;

fn changed(text: &str, change: &Change) -> String {
    change.apply(text, SourceId::NONE, None).unwrap().text
}

fn image(text: &str) -> Change {
    Change::SetImages(vec![ImageArgument::parse(text).unwrap()])
}

fn add(list: List, item: &str) -> Change {
    Change::AddItems(list, vec![item.to_owned()])
}

fn remove(list: List, item: &str) -> Change {
    Change::RemoveItems(list, vec![item.to_owned()])
}

fn labels(key: &str, value: &str) -> Change {
    Change::SetPairs(Pairs::Labels, vec![(key.to_owned(), value.to_owned())])
}

/// Kustomizations as people write them.
const TEXTS: [&str; 12] = [
    "",
    "# nothing yet\n",
    "resources: [a.yaml, b.yaml]",
    "# top\n\nresources:   # what\n  # one\n  - a.yaml   # first\n\n  - b.yaml\n\n\nimages:\n  - name:   web\n    newTag: 'v1' # now\n# end",
    "{resources: [a.yaml], images: [{name: web, newTag: v1}]}\n",
    "---\n# doc\nresources:\n- a.yaml\n...\n",
    "resources:\r\n- a.yaml # x\r\ncommonLabels:\r\n  a: b\r\n",
    "\u{feff}resources:\n- a.yaml\n",
    "resources:\nimages: ~\ncommonLabels: {}\n",
    "x-: &a {a: b}\n",
    "patches:\n- patch: |-\n    # not a comment\n    a: b\n\n  target: {kind: A}\nresources: [a.yaml]\n",
    "namePrefix: &p a-\ncommonLabels: &l\n  a: *p\ncommonAnnotations: *l\nresources: &r [a.yaml]\ncomponents: *r\n",
];

#[test]
fn a_change_and_its_undoing_give_back_every_byte() {
    for text in TEXTS.iter().filter(|text| !text.starts_with("x-")) {
        for (make, undo) in [
            (
                add(List::Components, "../c"),
                remove(List::Components, "../c"),
            ),
            (
                add(List::Resources, "c.yaml"),
                remove(List::Resources, "c.yaml"),
            ),
            (
                Change::SetText("nameSuffix", "-x".to_owned()),
                Change::SetText("nameSuffix", String::new()),
            ),
        ] {
            let there = changed(text, &make);
            assert_ne!(there, *text, "{make:?}");
            let back = changed(&there, &undo);
            // A field that was null is gone, and a map that was nothing is there.
            let wanted = text.replace("resources:\nimages", "images");
            let is_same =
                back == *text || (back == wanted && text.starts_with("resources:\nimages"));
            let is_empty = back.trim_end().is_empty() && text.trim_end().is_empty();
            assert!(
                is_same || is_empty || same_lines(&back, text),
                "{make:?}\n{text:?}\n{back:?}"
            );
        }
    }
}

#[test]
fn an_image_that_is_set_and_removed_leaves_every_byte() {
    let remove = Change::RemoveImages(vec!["new".to_owned()]);
    for text in TEXTS.iter().filter(|text| !text.starts_with("x-")) {
        let there = changed(text, &image("new:1"));
        assert_ne!(there, *text);
        // A field of nothing goes with its last entry, and a text of nothing has no fields.
        let wanted = text.replace("images: ~\n", "");
        let back = changed(&there, &remove);
        assert!(
            back == wanted || back.trim().is_empty() && wanted.is_empty(),
            "{text:?}\n{there:?}\n{back:?}"
        );
    }
}

#[test]
fn a_text_without_a_line_break_at_its_end_gets_none() {
    let suffix = Change::SetText("nameSuffix", "-x".to_owned());
    let there = changed("namePrefix: a-", &suffix);
    assert_eq!(there, "namePrefix: a-\nnameSuffix: -x");
    let none = Change::SetText("nameSuffix", String::new());
    assert_eq!(changed(&there, &none), "namePrefix: a-");
    // A block of text without one stays without.
    let patch = "patches:\n- patch: |\n    a: b\n    c: d";
    assert_eq!(
        changed(patch, &suffix),
        "patches:\n- patch: |-\n    a: b\n    c: d\nnameSuffix: -x"
    );
}

/// Whether two texts differ in a line break at the end only, or in the anchors that were expanded.
fn same_lines(a: &str, b: &str) -> bool {
    a.trim_end() == b.trim_end() || b.contains('*')
}

#[test]
fn unknown_fields_are_refused_before_anything_else() {
    let error = image("a:1")
        .apply(TEXTS[9], SourceId::NONE, None)
        .unwrap_err();
    assert_eq!(error.message(), "unknown field `x-`");
}

#[test]
fn a_change_that_is_there_already_changes_nothing() {
    let text = "images: [{name: web,   newTag: v1}]\nnamespace:   \"shop\"\ncommonLabels: {a: b}\n";
    for change in [
        image("web:v1"),
        Change::SetText("namespace", "shop".to_owned()),
        labels("a", "b"),
        Change::SetReplicas(Vec::new()),
    ] {
        assert_eq!(changed(text, &change), text, "{change:?}");
    }
}

#[test]
fn texts_that_yaml_would_misread_are_quoted() {
    let text = "images: [{name: web, newTag: v1}]\n";
    for (tag, wanted) in [
        ("1.0", "\"1.0\""),
        ("yes", "\"yes\""),
        ("v2", "v2"),
        ("~", "\"~\""),
    ] {
        let found = changed(text, &image(&format!("web:{tag}")));
        assert_eq!(found, text.replace("v1", wanted), "{tag}");
    }
    let found = changed("", &labels("on", "1"));
    assert_eq!(found, "commonLabels:\n  \"on\": \"1\"\n");
}

#[test]
fn words_of_yaml_1_1_are_keys_as_kustomize_reads_them() {
    let text = "commonLabels: {on: x, \"n\": z}\n";
    assert_eq!(
        changed(text, &labels("true", "y")),
        "commonLabels: {on: \"y\", \"n\": z}\n"
    );
    assert_eq!(
        changed(text, &labels("n", "w")),
        "commonLabels: {on: x, \"n\": w}\n"
    );
}

#[test]
fn fields_are_found_in_any_case_and_the_last_one_counts() {
    let text = "Resources: [a]\nresources: [b]\n";
    assert_eq!(
        changed(text, &add(List::Resources, "c")),
        "Resources: [a]\nresources: [b, c]\n"
    );
    let text = "resources: [a]\nresources: [b]\n";
    assert_eq!(
        changed(text, &add(List::Resources, "c")),
        "resources: [a]\nresources: [b, c]\n"
    );
}

#[test]
fn aliases_and_merge_keys_are_expanded_where_they_are_in_the_way() {
    let text = "resources: &r [a]\ncomponents: *r\n";
    assert_eq!(
        changed(text, &add(List::Resources, "b")),
        "resources: &r [a, b]\ncomponents: [a]\n"
    );
    assert_eq!(
        changed(text, &add(List::Components, "b")),
        "resources: &r [a]\ncomponents: [a, b]\n"
    );
    let text = "images:\n- &i\n  name: web\n  newTag: v1\n- <<: *i\n  name: api\n";
    assert_eq!(
        changed(text, &image("api:v2")),
        "images:\n- &i\n  name: web\n  newTag: v1\n- <<: *i\n  name: api\n  newTag: v2\n"
    );
    let found = changed(text, &image("web:v2"));
    assert!(found.contains("v1") && found.contains("v2"), "{found}");
}

#[test]
fn bases_are_resources_and_image_tags_are_images() {
    assert_eq!(
        changed("bases: [a, b]\n", &remove(List::Resources, "a")),
        "bases: [b]\n"
    );
    assert_eq!(
        changed("imageTags: [{name: a, newTag: '1'}]\n", &image("a:2")),
        "imageTags: [{name: a, newTag: '2'}]\n"
    );
    let edited = add(List::Resources, "a").apply("bases: [a]\n", SourceId::NONE, None);
    assert_eq!(edited.unwrap().findings.len(), 1);
}

#[test]
fn what_is_not_said_of_an_image_goes_and_a_star_keeps_it() {
    let text = "images:\n- name: web\n  newName: r.io/web\n  newTag: v1\n  tagSuffix: -x\n";
    for (argument, wanted) in [
        ("web:v2", "- name: web\n  newTag: v2\n  tagSuffix: -x\n"),
        (
            "web=*:v2",
            "- name: web\n  newName: r.io/web\n  newTag: v2\n  tagSuffix: -x\n",
        ),
        (
            "web=*:*@sha256:0",
            "- name: web\n  newName: r.io/web\n  newTag: v1\n  tagSuffix: -x\n  digest: sha256:0\n",
        ),
    ] {
        assert_eq!(
            changed(text, &image(argument)),
            format!("images:\n{wanted}"),
            "{argument}"
        );
    }
}

#[test]
fn a_patch_is_removed_only_if_it_says_just_the_same() {
    let text = "patches:\n- path: a.yaml\n- path: a.yaml\n  target: {kind: A}\n- path: a.yaml\n  options: {}\n";
    let mut patch = PatchArgument {
        path: "a.yaml".to_owned(),
        ..PatchArgument::default()
    };
    assert_eq!(
        changed(text, &Change::RemovePatch(patch.clone())),
        "patches:\n- path: a.yaml\n  target: {kind: A}\n- path: a.yaml\n  options: {}\n"
    );
    patch.kind = "A".to_owned();
    assert_eq!(changed(text, &Change::AddPatch(patch)), text);
}

#[test]
fn texts_of_several_lines_are_blocks() {
    let patch = PatchArgument {
        patch: "- op: remove\n  path: /a\n".to_owned(),
        kind: "A".to_owned(),
        ..PatchArgument::default()
    };
    assert_eq!(
        changed("", &Change::AddPatch(patch)),
        "patches:\n- patch: |\n    - op: remove\n      path: /a\n  target:\n    kind: A\n"
    );
}
