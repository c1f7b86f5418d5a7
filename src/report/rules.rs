//! The description of each rule, for services that show it beside the findings.

/// What a rule means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What it finds, as a sentence.
    pub what: String,
    /// Why that matters and what to do about it.
    pub help: String,
}

/// What is known of a rule; one that is not in the table is a format of the guard's.
pub fn about(rule: &str) -> About {
    match RULES.binary_search_by_key(&rule, |row| row.0) {
        Ok(index) => About {
            what: RULES[index].1.to_owned(),
            help: RULES[index].2.to_owned(),
        },
        Err(_) => match kustom_lint::rule(rule) {
            Some(rule) => About {
                what: rule.why.to_owned(),
                help: format!("{}.", capitalized(rule.help)),
            },
            None => format_of_token(rule),
        },
    }
}

/// A sentence with a capital letter.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn format_of_token(rule: &str) -> About {
    About {
        what: format!("A token or key in the clear ({}).", rule.replace('-', " ")),
        help: CLEAR.to_owned(),
    }
}

/// The names of the rules that are no formats of tokens, sorted.
pub fn rules() -> impl Iterator<Item = &'static str> {
    let lint = kustom_lint::rules().iter().map(|rule| rule.name);
    let mut all: Vec<&str> = RULES.iter().map(|row| row.0).chain(lint).collect();
    all.sort_unstable();
    all.into_iter()
}

const CLEAR: &str = "Whoever can read the repository can use it. Remove it, replace it at its \
                     issuer, and keep it where git does not look.";
const SCRIPT: &str = "A script says what it changes by a path. See `kustom config ENV --explain`.";

/// Rule, what it finds, help; sorted.
#[rustfmt::skip]
const RULES: &[(&str, &str, &str)] = &[
    ("added-item", "An item that a patch added to a list, without what such an item needs.", "No item has its name: correct the name, or write all of the new item."),
    ("argocd-unknown-field", "A field of an ApplicationSet that Argo CD does not know.", "The API server drops it without a word. Correct its name, or remove it."),
    ("blocked-drain", "A PodDisruptionBudget that lets no pod go.", "Every eviction is refused, so that no node with one of its pods can be drained. Ask for fewer pods, or run more."),
    ("broken-pattern", "A pattern such as `${x/a b/c}` in a line that is broken within it before Flux substitutes variables.", "It matches nothing. Shorten the line, or put the text into a block."),
    ("changed-output", "A rendered file that is no longer made, and that somebody has changed.", "`--prune` removes only what it wrote. Remove the file by hand if nobody needs it."),
    ("changed-value", "A number that loses digits because a JSON patch was applied to its object, or a date that becomes a time.", "Quote it if it may be a string; a number stays what it is under a strategic merge patch."),
    ("chart-not-locked", "A chart that `kustom lock` leaves out, because helm may not run.", "Say `--enable-helm`, or `helm: {enabled: true}` in `kustom.yaml`. A chart that is at hand is locked without it."),
    ("chart-not-rendered", "A HelmRelease whose chart makes nothing here.", "The chart or its values are not at hand, or no chart is inflated. Lay the chart into the tree with `kustom lock` and `kustom vendor`, name a file with the values in `fluxVariables`, or say `helm: {enabled: true}`."),
    ("chart-version", "A chart that lies there in another version than the one that is asked for.", "What is there is used. Correct the version, or fetch the chart anew."),
    ("claimed-twice", "What two objects claim and only one can have: a host and path, an address, a node port, the replicas of a workload, to be the default.", "Keep one of the two. The server refuses the second of an address, a node port, or a default PriorityClass; of the others, which one counts is left to a controller."),
    ("command-line-password", "A password among the arguments of a command.", CLEAR),
    ("credential", "A value whose name promises a secret.", CLEAR),
    ("custom-kind", "A field of a custom kind that `customKinds: true` would change.", "Without it, kustomize has to be taught the kind by `configurations`, `crds` and `openapi`. Set `customKinds` in `kustom.yaml` or `environment.yaml`; `false` says that nothing is to be said of it."),
    ("dangling-reference", "A reference to a name or namespace that an object has lost on its way.", "A prefix, suffix, hash, namespace or patch has changed it, and the field did not follow. Name the field in `configurations`, or write the new name."),
    ("deprecated-api", "A version of an API that will go.", "It still works. Write the version that takes its place."),
    ("deprecated-field", "A field that kustomize will drop.", "It still works. Write what takes its place."),
    ("docker-config", "The credentials of a container registry.", CLEAR),
    ("dropped-field", "A field of a kustomization that Flux does not know.", "Flux reads the kustomization that it builds leniently and drops the field without a word; kustomize refuses it. Correct its name, or remove it."),
    ("duplicate-key", "A key that stands twice in one map.", "The later one wins without a word. Remove one."),
    ("duplicate-value", "An element of a list that is there twice, where the API allows it once.", "Remove one of them, or give it a name of its own."),
    ("edit-without-effect", "A part of an edit that there was nothing to do for.", "Nothing was changed for it. Correct the name, or leave it out."),
    ("emptied-list", "An item of a patch that takes all other items of its list away.", "Give the item what tells it from others; to remove all, write null in place of the list."),
    ("empty-environment", "A directory among the environments that holds no kustomization and no settings.", "Write one of them, or remove the directory: it cannot be rendered."),
    ("empty-script", "A script without a statement.", "It changes nothing. Write what it should change, or remove it."),
    ("encrypted-value", "Values that Flux decrypts in the cluster.", "A placeholder stands for each."),
    ("env-file", "A line of an env file, or a key of a generator, that means something else than it looks like.", "kustomize takes every line as it is: no quotes, no comments behind a value, no `export`; and the API server takes only letters, digits, `-`, `_` and `.` in a key."),
    ("followed-reference", "A reference that follows a renamed object, although another has the name that it says.", "Former names mean the new ones, in other bases too. Give each base a `namePrefix` of its own."),
    ("forbidden-field", "A field that may not be set beside the others.", "Remove it, or change what excludes it."),
    ("foreign-pods", "A selector that selects the pods of another workload.", "A Service sends to them, and a controller counts them as its own. Give each workload a label of its own, and select that."),
    ("foreign-source", "A Flux Kustomization that builds files of another source.", "What it builds is not in this repository and cannot be rendered."),
    ("function-result", "A result that a function reports without failing.", "Its answer is used all the same. Mend what it speaks of."),
    ("gone", "An environment that a revision has and that is not there any more.", "What was deployed of it stays until somebody removes it."),
    ("halved-dollar", "A `$$` that becomes `$` because Flux substitutes variables, and that escapes none.", "Write `$$$$`, or keep Flux out of the object with the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`."),
    ("hidden-template", "A template beside a file of the name that it would make.", "The file is used, not the template. Remove one of the two."),
    ("idle-deletion", "A deletion in a patch of what no object has.", "Nothing was deleted. Correct what it names, or remove it."),
    ("idle-ignore", "An entry of `diff: {ignore}` or `--ignore` that ignores nothing.", "What it ignored is gone, or it never meant it; correct the entry, or remove it."),
    ("idle-patch", "A patch that matches, and changes nothing.", "The objects are the same without it. Correct it, or remove it."),
    ("idle-permit", "An entry of an allow-list that allows nothing.", "What it allowed is gone; remove the entry."),
    ("ignored-field", "A field that is not heard where it stands.", "Say it where it counts, or remove it."),
    ("ignored-flag", "A flag that has no effect here.", "Leave it out."),
    ("image-elsewhere", "An image that an entry of `images` speaks of, where `images` does not look.", "Name the field under `images` in a file of `configurations`, or fill it with a replacement."),
    ("image-override", "An image that an environment or a flag changes.", "Nothing to do; the override is reported so that it is seen."),
    ("immutable-field", "A field that may not change once the object is there.", "The server refuses the update. Keep what was, give the object another name, or delete the old one first."),
    ("incomplete-entry", "An entry of a list in a kustomization that lacks what would make it do something.", "Kustomize takes it without a word. Add what is missing, or remove the entry."),
    ("index-path", "A JSON patch that names an item of a list by its number.", "Whoever adds an item before it changes what is patched; where a patch has done so already, it is a warning. Put a `test` operation before it, or use a strategic merge patch."),
    ("inferred-entry", "What is taken for an entry of `flux` or `argocd`, since `kustom.yaml` names none.", "The repository says it by itself. Name the entries in `kustom.yaml` if others are meant."),
    ("invalid-name", "A name in a kustomization that no API server takes.", "Kustomize writes it all the same. A namespace has lowercase letters, digits and dashes, 63 at most."),
    ("invalid-value", "A value that the API server refuses.", "The message says what the value must be."),
    ("invalid-yaml", "A text that is no YAML.", "Nothing in it can be applied until this is fixed."),
    ("kept-label", "A selector, or a label of a template, that keeps a value which a label has lost elsewhere.", "What it selected has another label now. Name the field in `fields` of the entry of `labels`."),
    ("keystore-file", "A file that keeps keys in a binary format.", CLEAR),
    ("kubernetes-secret", "A value of a Secret.", CLEAR),
    ("linked-value", "A label or an annotation that changes because another one is changed.", "What an entry of `labels`, `commonLabels` or `commonAnnotations` adds in several places is one value for kustomize, until a JSON patch changes the object. Use one to change a place alone."),
    ("locked-secret", "A file that sops has encrypted and that cannot be decrypted here.", "Placeholders stand for its values. Give sops a key, or render without `--decrypt`."),
    ("lost-labels", "A label that is no text after Flux has substituted its variables.", "Flux drops all labels of the object without a word. Put quotes into the value of the variable."),
    ("lost-object", "An object whose name is no text after Flux has substituted its variables.", "Flux drops the object without a word. Put quotes into the value of the variable."),
    ("lost-patch", "A part of a patch that is not in the object afterwards, or a part of the object that is gone without being deleted.", "Give each item of a list the fields that tell it from others, as the object has them, or use a JSON patch."),
    ("migration-left-over", "A line of a script that `kustom migrate` takes nothing over from.", "Its help says what to do by hand. If the line has nothing to do with what is rendered, it may stay where it is."),
    ("migration-stays", "What a script does that stays outside of kustom.", "Nothing to do; it is told so that it is not missed."),
    ("misfit-replacement", "A replacement that puts a map or a list where text is, or the reverse.", "Text is empty afterwards. Take the value from a field of the same shape."),
    ("missing-dependency", "A Flux Kustomization that waits for one that is not there, or for itself.", "It is never applied. Correct `dependsOn`, or add what it names."),
    ("missing-key", "A key that the ConfigMap or Secret which is rendered with it has not.", "The container does not start. Correct the key, add it, or say `optional: true`."),
    ("missing-port", "A port that something sends to or asks for, and that the other side has not.", "Nothing arrives. Correct the name or the number."),
    ("missing-reference", "A reference to an object that is not rendered.", "The object starts without what it refers to, or not at all. Correct the name, add what is missing, or name it in `external` of `kustom.yaml` if the cluster has it; `references.missing: off` says nothing of these."),
    ("namespace-override", "A namespace that an environment moves.", "Nothing to do; the move is reported so that it is seen."),
    ("null-value", "A null among the inline values of a chart.", "It is merged away before helm, which would remove the key, sees it."),
    ("omitted-secret", "A secret that is left out, because it is not filled in.", "Fill it in, or leave it out on purpose: `secrets: omit`."),
    ("one-of", "Two fields that a patch left side by side, of which the API server takes one.", "Remove the other in the same patch, with a null."),
    ("orphan-script", "A script for no config.", "Scripts have the names of the files below the base's `configs/current/`."),
    ("oversized-object", "An object that is too large for `kubectl apply`, or for etcd.", "`kubectl apply` keeps the object in an annotation, which may have 256 KiB: apply it with `--server-side`, or split it."),
    ("patch-directive", "A directive of a patch that was not obeyed.", "kustomize obeys `$patch` only, and only in maps and in lists whose items it can tell apart. Use a JSON patch."),
    ("patch-path", "A path of a JSON patch that does not begin with `/`, or a `replace` of what is not there.", "Kustomize patches what stands behind the first `/`, and adds what it should replace. Correct the path."),
    ("permit", "What lets a secret or a finding stay, and why; told with `-v`.", "Nothing to do; remove the entry or the comment if its reason is gone."),
    ("rejected-kind", "A kind that must not be there.", "Remove the object, or leave the kind out of `--reject`."),
    ("release-difference", "What two releases of kustomize print differently, found by `kustom compare-releases`.", "The message names the change. Take it as it is, or stay with the older release: `kustomizeRelease` in `kustom.yaml`."),
    ("removed-api", "A version of an API that the cluster does not serve.", "Write a version that it serves."),
    ("render", "An environment that does not render.", "Nothing can be deployed from it until this is fixed."),
    ("replaced-list", "A patch that takes the place of a whole list, and loses what it does not repeat.", "kustomize does not merge the items of that list. Write all that is to stay, or use a JSON patch."),
    ("replicas-override", "A number of replicas that an environment or a flag changes.", "Nothing to do; the override is reported so that it is seen."),
    ("required-field", "A field that the API server wants and does not find.", "Add it."),
    ("retyped-value", "A value that must be text, and is a number, a boolean or null after Flux has substituted its variables.", "The API server refuses it. Put quotes into the value of the variable; those around it do not count."),
    ("script-comparison", "A comparison of maps or lists, which never holds.", SCRIPT),
    ("script-created", "A statement that created what was not there.", SCRIPT),
    ("script-index", "A statement that names an item by its number.", SCRIPT),
    ("script-path", "A path that does something else than it seems.", SCRIPT),
    ("script-replaced", "A statement that replaced a whole by a part.", SCRIPT),
    ("script-unchanged", "A statement that changed nothing.", SCRIPT),
    ("script-unmatched", "A statement that matched nothing.", SCRIPT),
    ("secret-file", "A file whose content is a secret.", CLEAR),
    ("secret-generator", "A secret among the literals of a generator.", CLEAR),
    ("shallow-history", "A history that ends before its beginning, because the clone is shallow.", "What was committed before was not searched. Fetch it with `git fetch --unshallow`; in a pipeline, check out the whole history."),
    ("shell-operator", "`${x:?message}` or `${x:+text}`, which are defaults in Flux.", "A variable without a value stops Flux by itself. Give a string that depends on it to a variable of its own."),
    ("silent-function", "A plugin that printed nothing and did not fail.", "A transformer that prints nothing removes every object. Let it print them."),
    ("skipped-function", "A function that did not run.", "Allow it, or remove it."),
    ("sql-password", "A password in a statement of SQL.", CLEAR),
    ("stale-config", "A config on disk that is not what its script makes.", "Write it with `kustom config ENV --write`, or delete it: `kustom render` makes its own."),
    ("stale-render", "A rendered file that is not what would be rendered.", "Render it again and commit it with the change that made the difference."),
    ("substitution-left", "A variable such as `${name}` that nothing replaces.", "kustomize does not know it. Use a replacement or a template; where Flux replaces it, say so with its label `kustomize.toolkit.fluxcd.io/substitute`."),
    ("tag-as-name", "An override of an image whose new name looks like a tag.", "The image gets another name and keeps its tag. Write `NAME:TAG`, or `newTag`, to change the tag."),
    ("too-long-value", "A text that is longer than the API server takes.", "Shorten it."),
    ("too-many-items", "A list or map with more entries than the API server takes.", "Take some of them away."),
    ("tracked-generator-file", "A file of a `secretGenerator` that git tracks.", "Its content is a secret by definition. Remove it with `git rm --cached`, add it to `.gitignore`, and replace the secret."),
    ("tracked-secret", "A file below `secrets/` that git tracks.", "Remove it with `git rm --cached`, add it to `.gitignore`, and replace the secret."),
    ("unanswered", "A repository or a registry that does not tell its tags.", "Check the address, and whether it can be reached from here. Tags of images are read without credentials."),
    ("undecrypted-secret", "An object that carries ciphertext, as an encrypted file was read.", "The cluster takes the ciphertext for the secret. Decrypt it before it is rendered."),
    ("unfilled-secret", "A secret that was laid out, but still is a placeholder.", "Fill it in, and take the instructions of the boilerplate out."),
    ("unfit-var", "A variable whose value does not fit where it is used.", "Use a replacement."),
    ("unfollowed", "An environment whose files are not all known: it does not render, it runs a program that reads by itself, or a revision cannot be read.", "It counts as affected by any change. Mend what stops it, or give the flag that it needs, such as `--enable-helm`."),
    ("unignored-secrets", "A directory for secrets or rendered configs that no `.gitignore` covers.", "One `git add` commits what is filled in there. Add it to the environment's `.gitignore`."),
    ("unknown-field", "A field that the API does not have.", "The API server refuses it, or drops it without a word. Correct its name, or move it where it belongs."),
    ("unknown-kind", "A kind or an API group that no server has.", "Correct the name or the version."),
    ("unknown-name", "The name of something that is not there in the same object, such as a volume.", "Correct the name, or add what is missing."),
    ("unknown-rule", "An entry of an allow-list that names a rule that is not there.", "It allows nothing. Correct the name."),
    ("unknown-schema", "A kind of which nothing is known, so that only its metadata is judged.", "Render its definition beside it; `--ignore-missing-schemas` says nothing of these."),
    ("unknown-scope", "An object without a namespace, of a kind of which nothing says whether it has one.", "A map of namespaces leaves it as it is. Write its namespace, or name the definition of its kind in `crds` of `kustom.yaml`."),
    ("unknown-variable", "A `$(NAME)` in a container that none of its variables replaces.", "It stays as it is written. Add the variable, move it above the one that uses it, or escape it as `$$(NAME)`."),
    ("unmatched-image", "An entry of `images` that matches no image.", "Nothing was changed. Correct the name, or remove the entry."),
    ("unmatched-namespace", "A name in `namespaces` of `environment.yaml` that no object and no reference has.", "The map does nothing for it. Correct the name, or remove it."),
    ("unmatched-patch", "A patch that matches no resource.", "Nothing was changed. Correct its target, or remove the patch."),
    ("unmatched-replacement", "A replacement that reaches no field.", "Nothing was changed. Correct its targets, or remove it."),
    ("unmatched-selector", "A selector that no rendered object has the labels for, or that counts other pods than its own.", "It selects nothing. Correct the label, or name what the cluster has in `external` of `kustom.yaml`."),
    ("unmatched-value", "A `ValueAddTransformer` that meets no resource.", "Nothing was changed. Correct its targets, or remove it."),
    ("unread-kustomization", "A kustomization that cannot be read, so that what it names elsewhere is not locked.", "Mend it, and run `kustom lock` again: where a lock is, nothing that it lacks is fetched."),
    ("unsupported-value", "A word that is none of those that the API takes.", "The message names them."),
    ("unused-var", "A variable that nothing uses.", "Remove it."),
    ("url-password", "A password in a URL.", CLEAR),
    ("weak-password", "A password that anybody would guess.", "Use a generated one, even where it seems not to matter."),
    ("wrong-type", "A value of another type than the API takes.", "Numbers and truth values in places of text need quotes, and the reverse."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_texts_are_sentences() {
        assert!(RULES.is_sorted_by_key(|row| row.0));
        for (rule, what, help) in RULES {
            assert!(what.ends_with('.') && help.ends_with('.'), "{rule}");
        }
    }

    #[test]
    fn a_format_of_the_guard_is_told_in_its_own_words() {
        assert_eq!(
            about("github-pat").what,
            "A token or key in the clear (github pat)."
        );
    }
}
