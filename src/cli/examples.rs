//! What stands at the end of the help of each command: lines that can be typed as they are.
//!
//! A test parses each of them.

/// Declares the examples of commands.
macro_rules! examples {
    ($($name:ident: $($line:literal),+;)+) => {
        $(pub(super) const $name: &str = concat!("Examples:\n", $("  ", $line, "\n"),+);)+

        /// All of them.
        #[cfg(test)]
        const ALL: &[&str] = &[$($name),+];
    };
}

examples! {
    BUILD: "kustom build overlays/production", "kustom build https://github.com/org/app//deploy?ref=v1.2.0";
    RENDER: "kustom render production | kubectl apply --server-side -f -",
        "kustom render testing --image registry.example.com/web=registry.example.com/web:v7",
        "kustom render staging testing --select Deployment/* --exclude Deployment/debug",
        "kustom render --all -o rendered/";
    INIT: "kustom init shop";
    MIGRATE: "kustom migrate deploy.sh --dry-run", "kustom migrate hack/render.sh --env production=prod --env staging",
        "kustom migrate deploy.sh --expect production=before.yaml", "kustom migrate overlays/";
    EDIT: "kustom edit set image web=registry.example.com/web:v7", "kustom edit add resource service.yaml";
    CREATE: "kustom create --autodetect";
    LOCALIZE: "kustom localize overlays/production copy";
    DIFF: "kustom diff staging production", "kustom diff production --against main",
        "kustom diff --against main --format markdown";
    CONFIG: "kustom config production --diff", "kustom config production --explain", "kustom config production --write";
    SECRETS: "kustom secrets status", "kustom secrets init production", "kustom secrets check";
    SECRETS_INIT: "kustom secrets init production", "kustom secrets init production --set user=web";
    SECRETS_STATUS: "kustom secrets status", "kustom secrets status production --format json";
    SECRETS_CHECK: "kustom secrets check", "kustom secrets check --format sarif -o secrets.sarif";
    CHECK: "kustom check", "kustom check production -q", "kustom check --against main --format github";
    COMPARE_RELEASES: "kustom compare-releases production --from 5.4.3 --to 5.8.1";
    VALIDATE: "kustom validate production", "kustom validate manifests/ --kubernetes-version 1.33";
    LINT: "kustom lint", "kustom lint production";
    SUBSTITUTE: "kustom substitute web.yaml --set cluster=eu1";
    EXPLAIN: "kustom explain production", "kustom explain production Deployment/web spec.replicas";
    BLAME: "kustom blame production", "kustom blame --reverse kustom/base/manifests/service.yaml:9";
    LSP: "kustom lsp";
    REPORT: "kustom report -o report.html";
    GRAPH: "kustom graph production", "kustom graph --all --format mermaid";
    WATCH: "kustom watch testing", "kustom watch testing -- kubectl apply -f -";
    LIST: "kustom list", "kustom list --format json";
    AFFECTED: "kustom affected --base main", "kustom affected --base origin/main... --format json";
    DEPS: "kustom deps production", "kustom deps production --format make";
    LOCK: "kustom lock", "kustom lock --check";
    OUTDATED: "kustom outdated";
    VENDOR: "kustom vendor";
    ARGOCD: "kustom argocd applications appset.yaml", "kustom argocd plugin-yaml";
    FN: "kustom fn";
    YQ: "kustom yq .metadata.name deployment.yaml", "kustom yq -i '.spec.replicas = 3' deployment.yaml",
        "kustom yq -o json -I 0 .spec values.yaml", "kustom yq write config.yaml log.level debug",
        "kustom yq write -i config.yaml --script changes.yaml";
    SCHEMA: "kustom schema environment", "kustom schema message";
    RULES: "kustom rules", "kustom rules latest-tag", "kustom rules --format json";
    DOCTOR: "kustom doctor";
    MAN: "kustom man render", "kustom man -o man1/";
    COMPLETION: "source <(kustom completion bash)", "kustom completion fish > ~/.config/fish/completions/kustom.fish",
        "kustom completion nushell | save --force kustom.nu";
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::super::Arguments;
    use super::ALL;

    /// The words of an example, up to another program.
    fn words(line: &str) -> Vec<&str> {
        let line = line.trim().trim_start_matches("source <(");
        let line = line.split(['|', '>']).next().unwrap();
        line.trim_end_matches(')').split_whitespace().collect()
    }

    #[test]
    fn every_example_can_be_typed() {
        for line in ALL.iter().flat_map(|text| text.lines().skip(1)) {
            let parsed = Arguments::command().try_get_matches_from(words(line));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_command_has_examples() {
        fn look(command: &Command, depth: usize) {
            for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
                let name = one.get_name();
                // yq has a help of its own, and those below the others are in their examples.
                let is_shown = depth == 0 && name != "yq";
                let help = one.get_after_long_help().map(ToString::to_string);
                let of_it = format!("kustom {name}");
                assert!(
                    !is_shown || help.is_some_and(|help| help.contains(&of_it)),
                    "{name} has no example"
                );
            }
        }
        let mut all = Arguments::command();
        all.build();
        look(&all, 0);
    }
}
