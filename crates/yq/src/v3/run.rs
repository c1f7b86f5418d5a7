//! Runs a script on the documents of a text.

use kustom_yaml::error::Result;
use kustom_yaml::limits::Budget;
use kustom_yaml::{Change, Node};

use super::delete::delete;
use super::documents::{Documents, documents_of, selected};
use super::report::CommandReport;
use super::script::{Command, Script, Statement};
use super::update::{Literal, update};

/// What a key or an item costs that a path passes by, in bytes of the budget.
const SIGHT: u64 = 2;

/// A text after a script, and what each statement did.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The text, changed only where the script says so.
    pub text: String,
    /// Its documents.
    pub documents: Vec<Node>,
    /// What each statement did, in the order of the script.
    pub reports: Vec<CommandReport>,
}

/// Runs a script on a text.
///
/// # Example
///
/// ```
/// use kustom_yq::v3::{Documents, Script, run};
///
/// let script = Script::parse("- command: update\n  path: a.b\n  value: 2\n", "script.yaml")?;
/// let outcome = run(&script, "a:\n    b:  1   # one\n", Documents::default())?;
/// assert_eq!(outcome.text, "a:\n    b:  2   # one\n");
/// assert_eq!(outcome.reports[0].matched, 1);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn run(script: &Script, text: &str, documents: Documents) -> Result<Outcome> {
    run_on(script, text, documents, false)
}

/// Runs a script on the first document of a text: the text it makes, and its changes.
pub(crate) fn run_changes(script: &Script, text: &str) -> Result<(String, Vec<Change>)> {
    let before = documents_of(text, false)?;
    let (after, _) = changed(script, &before, Documents::default())?;
    kustom_yaml::rewrite_changes(text, &before, &after)
}

/// Runs a script on documents that are read with or without their comments.
pub(super) fn run_on(
    script: &Script,
    text: &str,
    documents: Documents,
    comments: bool,
) -> Result<Outcome> {
    let before = documents_of(text, comments)?;
    let (after, reports) = changed(script, &before, documents)?;
    Ok(Outcome {
        text: kustom_yaml::rewrite(text, &before, &after)?,
        documents: after,
        reports,
    })
}

/// What a script makes of documents, and what each statement did.
fn changed(
    script: &Script,
    before: &[Node],
    documents: Documents,
) -> Result<(Vec<Node>, Vec<CommandReport>)> {
    let mut after = before.to_vec();
    let mut reports: Vec<CommandReport> = script.statements.iter().map(CommandReport::of).collect();
    let budget = Budget::default();
    if !script.statements.is_empty() {
        for root in selected(&mut after, documents)? {
            for (statement, report) in script.statements.iter().zip(&mut reports) {
                execute(statement, root, report, &budget)?;
            }
        }
    }
    if before.is_empty() && after.iter().all(Node::is_null) {
        after.clear();
    }
    Ok((after, reports))
}

/// Runs one statement on one document.
pub(super) fn execute(
    statement: &Statement,
    root: &mut Node,
    report: &mut CommandReport,
    budget: &Budget,
) -> Result<()> {
    let before = report.passed;
    let done = match statement.command {
        Command::Delete => delete(root, &statement.path, report),
        Command::Update | Command::Merge => {
            let mut value = Literal(statement.value.as_ref());
            update(root, &statement.path, &mut value, report)
        }
    };
    let passed = report.passed - before;
    done.and_then(|()| budget.charge("the paths of this script", SIGHT.saturating_mul(passed)))
        .map_err(|error| error.at(statement.place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(script: &str, text: &str) -> Result<Outcome> {
        let script = Script::parse(script, "s.yaml")?;
        run(&script, text, Documents::default())
    }

    fn updated(path: &str, text: &str) -> String {
        let script = format!("- command: update\n  path: '{path}'\n  value: NEW\n");
        outcome(&script, text).unwrap().text
    }

    fn deleted(path: &str, text: &str) -> String {
        let script = format!("- command: delete\n  path: '{path}'\n");
        outcome(&script, text).unwrap().text
    }

    #[test]
    fn only_the_value_changes() {
        let text = "# top\na:   'x'  # keep\n\nb: {c: 1,d: 2}\n";
        assert_eq!(
            updated("a", text),
            "# top\na:   NEW  # keep\n\nb: {c: 1,d: 2}\n"
        );
        assert_eq!(
            updated("b.d", text),
            "# top\na:   'x'  # keep\n\nb: {c: 1,d: NEW}\n"
        );
    }

    #[test]
    fn what_is_missing_is_made_in_the_style_of_the_neighbours() {
        assert_eq!(
            updated("a.o.m", "a:\n    b:\n        - x\n"),
            "a:\n    b:\n        - x\n    o:\n        m: NEW\n"
        );
        assert_eq!(
            updated("l[+]", "l:\n- a\n- b\nz: 1\n"),
            "l:\n- a\n- b\n- NEW\nz: 1\n"
        );
        assert_eq!(
            updated("l[+].k", "l:\n  - k: a\n"),
            "l:\n  - k: a\n  - k: NEW\n"
        );
    }

    #[test]
    fn patterns_and_filters_name_several() {
        assert_eq!(
            updated("*.a", "x: {a: 1}\ny: {b: 1}\n"),
            "x: {a: NEW}\ny: {b: 1, a: NEW}\n"
        );
        assert_eq!(
            updated("l(n==b*).v", "l:\n- {n: a, v: 1}\n- {n: bc, v: 2}\n"),
            "l:\n- {n: a, v: 1}\n- {n: bc, v: NEW}\n"
        );
        assert_eq!(
            updated("a.**", "a:\n  b: 1\n  c: [2]\n"),
            "a:\n  b: NEW\n  c: [NEW]\n"
        );
    }

    #[test]
    fn deleting_takes_the_comment_above_along() {
        let text = "# file\n\n# about a\na: 1 # one\n# about b\nb: 2\n";
        assert_eq!(deleted("a", text), "# file\n\n# about b\nb: 2\n");
        assert_eq!(deleted("x.y", text), text);
        assert_eq!(deleted("l[-1]", "l: [1, 2]\n"), "l: [1]\n");
        assert_eq!(deleted("l.(n==x)", "l:\n- n: x\n"), "l: []\n");
    }

    #[test]
    fn nobody_is_told_to_write_what_the_script_made() {
        let script = "- command: update\n  path: m\n  value: {old_a: 1}\n\
                      - command: update\n  path: m.old_b\n  value: 2\n\
                      - command: update\n  path: m.old_c\n  value: 2\n";
        let reports = outcome(script, "m: {}\n").unwrap().reports;
        assert!(reports.iter().all(|report| report.near.is_none()));
    }

    #[test]
    fn a_report_says_what_was_matched_and_made() {
        let script = "- command: update\n  path: plank.url\n  value: x\n\
                      - command: update\n  path: l[0].v\n  value: 2\n\
                      - command: delete\n  path: gone\n\
                      - command: update\n  path: a\n  value: 1\n";
        let text = "plank:\n  urls: y\nl:\n- name: first\n  v: 1\na: 1\n";
        let reports = outcome(script, text).unwrap().reports;
        assert_eq!(reports[0].created, ["plank.url"]);
        assert_eq!(reports[0].near.as_deref(), Some("urls"));
        assert_eq!(
            reports[1].indexed[0].identity.as_deref(),
            Some("(name==first)")
        );
        assert_eq!(
            reports[1].indexed[0].by_name.as_deref(),
            Some("l.(name==first).v")
        );
        assert_eq!(reports[2].matched, 0);
        assert_eq!((reports[3].matched, reports[3].changed), (1, 0));
        let rules: Vec<&str> = reports
            .iter()
            .flat_map(|report| report.findings())
            .map(|finding| finding.rule)
            .collect();
        let wanted = [
            "script-created",
            "script-index",
            "script-unmatched",
            "script-unchanged",
        ];
        assert_eq!(rules, wanted);
    }

    #[test]
    fn a_value_of_another_kind_on_the_way_is_reported() {
        let script = "- command: update\n  path: l.name\n  value: x\n";
        let outcome = outcome(script, "l:\n- name: a\n").unwrap();
        assert_eq!(outcome.reports[0].replaced[0].old, "a list");
    }

    #[test]
    fn an_index_before_the_first_item_is_refused_with_the_place() {
        let script = "- command: update\n  path: l[-3]\n  value: x\n";
        let error = outcome(script, "l: [1]\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`[-3]` is out of range: `l` has 1 items (s.yaml:1:3)"
        );
    }

    #[test]
    fn a_document_that_is_not_there_is_refused() {
        let script = Script::parse("- command: delete\n  path: a\n", "s.yaml").unwrap();
        let error = run(&script, "a: 1\n", Documents::One(1)).unwrap_err();
        assert_eq!(error.message(), "there is no document 1: the text has one");
    }

    #[test]
    fn an_empty_script_changes_nothing() {
        for text in ["", "# only\n", "---\n", "a:   1\n"] {
            assert_eq!(outcome("", text).unwrap().text, text);
        }
    }
}
