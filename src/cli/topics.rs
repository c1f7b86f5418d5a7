//! The topics of `kustomize help`: pages about merging, functions and their annotations.

/// The name of a topic, what it is about, and its page.
const TOPICS: [(&str, &str, &str); 7] = [
    (
        "docs-fn",
        "How functions are written and run",
        include_str!("topics/docs-fn.md"),
    ),
    (
        "docs-fn-spec",
        "What a function reads and answers",
        include_str!("topics/docs-fn-spec.md"),
    ),
    (
        "docs-io-annotations",
        "The annotations that say where an object was read",
        include_str!("topics/docs-io-annotations.md"),
    ),
    (
        "docs-merge",
        "How a patch is merged into an object",
        include_str!("topics/docs-merge.md"),
    ),
    (
        "docs-merge3",
        "How changes of two sides are merged",
        include_str!("topics/docs-merge3.md"),
    ),
    (
        "tutorials-command-basics",
        "A first look at configuration with `cfg`",
        include_str!("topics/tutorials-command-basics.md"),
    ),
    (
        "tutorials-function-basics",
        "A first function",
        include_str!("topics/tutorials-function-basics.md"),
    ),
];

/// The page of a topic, if there is one of the name.
pub(super) fn page(name: &str) -> Option<&'static str> {
    let found = TOPICS.iter().find(|(topic, _, _)| *topic == name);
    found.map(|(_, _, page)| *page)
}

/// All topics, for the help of the program.
pub(super) fn list() -> String {
    let mut text = String::from("Topics, with `kustomize TOPIC`:\n");
    for (name, about, _) in TOPICS {
        text.push_str(&format!("  {name:25}  {about}\n"));
    }
    text
}
