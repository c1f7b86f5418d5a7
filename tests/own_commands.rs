//! What cases cannot show: programs on the `PATH`, and pages in a directory.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::Stage;

#[test]
fn doctor_says_what_programs_answer_and_why_others_do_not() {
    let mut stage = Stage::new();
    stage.write("p/kustom.yaml", "{}\n");
    stage.write("p/environments/a/kustomization.yaml", "resources: []\n");
    stage.write_program("bin/helm", "#!/bin/sh\nprintf 'v3.99.0\\033[31m\\n'\n");
    stage.write_program("bin/sops", "#!/bin/sh\nexit 3\n");
    stage.put_programs_first("bin");
    let said = stage.kustom("p", ["doctor"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for wanted in [
        "+ project     `.`, 1 environment\n",
        "+ repository  none: ",
        "+ helm        v3.99.0\\u{1b}[31m  (charts)\n",
        "- sops        does not say its version (",
    ] {
        assert!(said.out.contains(wanted), "{wanted:?} in {}", said.out);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let stage = Stage::new();
    let said = stage.kustom("", ["man", "-o", "pages"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let pages = stage.list("pages");
    for wanted in ["kustom.1", "kustom-render.1", "kustom-secrets-init.1"] {
        assert!(pages.iter().any(|page| page == wanted), "{wanted}");
    }
    assert!(stage.read("pages/kustom-render.1").contains("SYNOPSIS"));
}
