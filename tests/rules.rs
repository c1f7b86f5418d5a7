//! The page of all rules, and the table on the page of releases, are what the code says; with `UPDATE_RULES` set they are written anew.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kustom::guard::{Guard, formats};
use kustom::release::{Change, Release};
use kustom::report::{about, rules};

#[test]
fn the_page_of_the_rules_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = page();
    if std::env::var_os("UPDATE_RULES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "UPDATE_RULES=1 cargo test --test rules");
}

fn page() -> String {
    let mut page = String::from(
        "# Rules\n\nEvery finding names its rule; so do allow-lists, SARIF and the other formats. `kustom rules` lists \
         them, and `kustom rules RULE` says what one means.\n\n\
         ## Of checks and of the guard\n\n| rule | finds | what to do |\n|---|---|---|\n",
    );
    for rule in rules() {
        let about = about(rule);
        writeln!(page, "| `{rule}` | {} | {} |", about.what, about.help).unwrap();
    }
    page.push_str(
        "\n## Formats of tokens\n\nAn issuer that marks its tokens wants them found. \
         A match counts only if it looks drawn at random: samples and placeholders are left alone.\n\n\
         | rule | expression |\n|---|---|\n",
    );
    for (rule, expression) in formats() {
        let expression = expression.replace('|', "\\|");
        let ticks = if expression.contains('`') { "``" } else { "`" };
        let row = format!("| `{rule}` | {ticks}{expression}{ticks} |");
        // An expression can look like what it finds.
        let looks_like_one = !Guard::new()
            .scan("docs/rules.md", row.as_bytes())
            .leaks
            .is_empty();
        let allowed = if looks_like_one {
            " <!-- kustom:allow an expression --> |"
        } else {
            " |"
        };
        writeln!(page, "{}{allowed}", row.trim_end_matches(" |")).unwrap();
    }
    page
}

#[test]
fn the_page_of_the_releases_has_the_table() {
    const HEAD: &str = "| since | what | asked in |\n|---|---|---|\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/releases.md");
    let found = fs::read_to_string(&path).unwrap();
    let (before, table) = found.split_once(HEAD).unwrap();
    let (_, after) = table.split_once("\n\n").unwrap();
    let mut rows = String::new();
    for change in Change::ALL {
        let (since, summary, file) = (change.since(), change.summary(), change.asked_in());
        writeln!(rows, "| {since} | {summary} | `{file}` |").unwrap();
    }
    let page = format!("{before}{HEAD}{rows}\n{after}");
    if std::env::var_os("UPDATE_RULES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == page, "UPDATE_RULES=1 cargo test --test rules");
    let known = Release::KNOWN.map(|release| release.to_string()).join(", ");
    assert!(found.contains(&format!("Known are {known};")));
}
