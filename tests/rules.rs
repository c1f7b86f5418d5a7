//! The pages of all rules and of the releases are what the tables say; with `UPDATE_RULES` set they are written anew.
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
        "# Rules\n\nEvery finding names its rule; so do allow-lists, SARIF and the other formats.\n\n\
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
fn the_page_of_the_releases_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/releases.md");
    let page = releases_page();
    if std::env::var_os("UPDATE_RULES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "UPDATE_RULES=1 cargo test --test rules");
}

fn releases_page() -> String {
    let mut page = format!(
        "# Releases of kustomize\n\nkustom follows kustomize {}, or the release that it is told:\n\n\
         - `--kustomize-release 5.7.1` for `build`, `render` and every command that renders;\n\
         - `kustomizeRelease: \"5.7.1\"` in `kustom.yaml`, which a flag goes before;\n\
         - `KUSTOM_KUSTOMIZE_RELEASE=5.7.1` in the environment of the program under the name \
           `kustomize`, for `build` and `version`.\n\n\
         Known are {}; `5.7` means the newest known v5.7. \
         v5.6.0 prints what v5.5.0 prints.\n\n\
         | kubectl | kustomize |\n|---|---|\n| 1.31 | v5.4.2 |\n| 1.32 | v5.5.0 |\n\
         | 1.33 | v5.6.0 |\n| 1.34, 1.35 | v5.7.1 |\n| 1.36, 1.37 | v5.8.1 |\n\n\
         ## What differs\n\n| since | what | asked in |\n|---|---|---|\n",
        Release::NEWEST,
        Release::KNOWN.map(|release| release.to_string()).join(", ")
    );
    for change in Change::ALL {
        let (since, summary, file) = (change.since(), change.summary(), change.asked_in());
        writeln!(page, "| {since} | {summary} | `{file}` |").unwrap();
    }
    page.push_str(
        "\nWhat an earlier release refused and a later one accepts is not in the table, and kustom \
         accepts it whatever release it follows: keys that are whole numbers or dates (accepted by \
         every kustomize that is built with Go 1.27), new fields such as `sourceValue`, names in \
         `images` that are no regular expressions, empty patches (since v5.7.0 with a target, since \
         v5.8.1 without), several deletions in one patch (v5.7.0), and replacements into YAML or JSON \
         text (v5.8.0). Functions in Starlark, which v5.4.2 runs with `--enable-star`, are always \
         refused.\n",
    );
    page
}
