//! Graphs: the same each time, as their schema says, and safe to show whatever is named in them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "stage/schema.rs"]
mod schema;
mod stage;

use std::path::Path;

use kustom::graph::Graph;
use kustom::load::{LookupCache, Memory, Restriction, SourceStore};
use kustom::project::{Project, graph_environment};
use kustom::report::{Color, GraphFormat, graph};
use kustom::template::Values;

use stage::Stage;

const FORMATS: [GraphFormat; 5] = [
    GraphFormat::Tree,
    GraphFormat::Dot,
    GraphFormat::Mermaid,
    GraphFormat::Svg,
    GraphFormat::Json,
];

fn example() -> (Graph, Vec<usize>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = LookupCache::default();
    let project = Project::find(&files, root).unwrap();
    let mut graph = Graph::default();
    let roots = project.names(&files).into_iter().map(|name| {
        let values = Values::default();
        graph_environment(&mut graph, &files, root, &project, &name, &values).unwrap()
    });
    let roots: Vec<usize> = roots.collect();
    (graph, roots)
}

fn of_memory(files: &Memory, directory: &str) -> (Graph, usize) {
    let library = SourceStore::new(files, "/", Restriction::None);
    let loader = library.open(Path::new(directory)).unwrap();
    let mut graph = Graph::default();
    let root = graph.kustomization(&loader).unwrap();
    (graph, root)
}

#[test]
fn the_graph_of_the_example_is_the_same_each_time_and_as_its_schema_says() {
    let (one, roots) = example();
    let (other, _) = example();
    assert_eq!(roots.len(), 3);
    assert!(one.nodes().len() > 50, "{}", one.nodes().len());
    for format in FORMATS {
        let text = graph(&one, &roots, format, Color::Never);
        assert_eq!(text, graph(&other, &roots, format, Color::Never));
    }
    let json = graph(&one, &roots, GraphFormat::Json, Color::Never);
    assert_eq!(schema::misfit("graph.schema.json", &json), None);
}

#[test]
fn names_mean_nothing_to_any_format() {
    let token = [
        "ghp_", "a8Kd03Lq", "ZxW91mNv", "Bt57RyHc", "U2pFs6Gj", "E4iO",
    ]
    .concat();
    let hostile = r#"a\"b'<c>&\\ `d` #e;\n<script>%%{}%%\e[31m\u202e"#;
    let mut files = Memory::default();
    files.insert(
        "/app/kustomization.yaml",
        format!(
            "configMapGenerator:\n- {{name: \"{hostile}\"}}\n- {{name: {token}}}\n\
             helmCharts:\n- {{name: \"{hostile}\", repo: \"https://bob:{token}@h/x\"}}\n"
        ),
    );
    let (found, root) = of_memory(&files, "app");
    for format in FORMATS {
        for color in [Color::Never, Color::Always] {
            let text = graph(&found, &[root], format, color);
            assert!(!text.contains(&token), "{format:?}: {text}");
            assert!(!text.contains('\u{202e}'), "{format:?}: {text}");
            let is_page = matches!(format, GraphFormat::Svg | GraphFormat::Mermaid);
            assert!(!is_page || !text.contains("<script>"), "{format:?}: {text}");
            let is_raw = |c: char| c.is_control() && c != '\n';
            let is_colored = format == GraphFormat::Tree && color == Color::Always;
            assert!(is_colored || !text.contains(is_raw), "{format:?}: {text:?}");
        }
    }
    // A string of Graphviz ends where it should, and one of Mermaid.
    let dot = graph(&found, &[root], GraphFormat::Dot, Color::Never);
    for line in dot.lines().filter(|line| line.contains("[label=")) {
        let mut is_escaped = false;
        let quotes = line.chars().filter(|c| {
            let is_quote = *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            is_quote
        });
        assert_eq!(quotes.count() % 2, 0, "{line}");
    }
    let mermaid = graph(&found, &[root], GraphFormat::Mermaid, Color::Never);
    for line in mermaid.lines().filter(|line| line.contains('"')) {
        assert_eq!(line.matches('"').count(), 2, "{line}");
    }
}

#[test]
fn a_long_chain_of_bases_and_many_leaves_are_drawn_as_far_as_one_can_look() {
    let mut files = Memory::default();
    for number in 0..60 {
        let base = match number {
            59 => String::new(),
            _ => format!("resources: [../b{}, ../b59]\n", number + 1),
        };
        let maps: String = (0..10).map(|map| format!("- {{name: m{map}}}\n")).collect();
        files.insert(
            format!("/b{number}/kustomization.yaml"),
            format!("{base}configMapGenerator:\n{maps}"),
        );
    }
    let (found, root) = of_memory(&files, "b0");
    assert_eq!(found.nodes().len(), 660);
    let svg = graph(&found, &[root], GraphFormat::Svg, Color::Never);
    assert!(svg.contains("600 more, which are not drawn"), "{svg}");
    let tree = graph(&found, &[root], GraphFormat::Tree, Color::Never);
    assert_eq!(tree.matches("b59  base").count(), 59);
    assert!(tree.lines().count() > 660);
}

#[test]
fn what_is_fetched_by_a_build_is_not_by_a_graph() {
    let stage = Stage::new();
    stage.write(
        "app/kustomization.yaml",
        "resources: [\"git::file:///nowhere/at/all?ref=v1\", \"https://127.0.0.1:9/a.yaml\"]\n",
    );
    let said = stage.kustom("", ["graph", "--dir", "app"]).printed();
    assert_eq!(said.matches("remote").count(), 2, "{said}");
}
