//! The guard of a project: its allow-list, its baseline, and paths relative to the project.
//!
//! Fingerprints and allow-lists name files relative to the root of the project; findings name them
//! relative to the working directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::display_from;
use crate::error::{Case, Result, nearest_within};
use crate::finding::{Finding, Severity};
use crate::guard::{self, AllowedBy, Baseline, Guard, Settings};
use crate::load::{Files, Within, WorkTree, files_below};
use crate::place::Place;
use crate::project::{ProjectSettings, Step, nodes, own_baseline, span_at};
use crate::secret_scan::{Scans, findings_of, read_baseline};
use crate::yaml::Node;

/// The guard of one project.
pub struct ProjectGuard {
    /// The guard.
    pub guard: Guard,
    /// What paths in allow-lists are relative to.
    pub root: PathBuf,
    /// The directory that findings name files from.
    pub here: PathBuf,
    /// The fingerprints that may stay.
    pub baseline: Option<Baseline>,
    require_reason: bool,
    /// How many entries `kustom.yaml` allows; those of the baseline come after them.
    listed: usize,
    /// How `kustom.yaml` and the baseline are named.
    names: [String; 2],
}

impl ProjectGuard {
    /// The guard of the project that `start` is in; outside of one, it allows nothing.
    ///
    /// Findings name files from `here`. `baseline` is a file to use in place of the one that `kustom.yaml` names.
    ///
    /// # Errors
    ///
    /// A `kustom.yaml` or a baseline that cannot be read.
    pub fn of(
        files: &dyn Files,
        here: &Path,
        start: &Path,
        tree: Option<&WorkTree>,
        baseline: Option<&Path>,
    ) -> Result<Self> {
        let file = start
            .ancestors()
            .map(|directory| directory.join("kustom.yaml"))
            .find(|path| files.resolve(path).is_ok());
        let mut settings = Settings::default();
        let mut root = tree.map_or(start, WorkTree::root).to_path_buf();
        let mut names = ["kustom.yaml".to_owned(), String::new()];
        if let Some(file) = &file {
            settings =
                ProjectSettings::read(&Within::new(files, file.parent().unwrap_or(here)), file)
                    .map_err(|error| {
                        error.rename_files(|file| display_from(here, Path::new(file)).into())
                    })?
                    .guard;
            root = file.parent().unwrap_or(here).to_path_buf();
            names[0] = display_from(here, file);
        }
        let baseline = match baseline {
            Some(path) => {
                let path = here.join(path);
                names[1] = display_from(here, &path);
                Some(read_baseline(files, &path, &names[1])?)
            }
            None => {
                if let Some(name) = &settings.baseline {
                    names[1] = display_from(here, &root.join(name));
                }
                let own = Within::new(files, &root);
                own_baseline(&own, &root, &settings, |path| display_from(here, path))?
            }
        };
        let listed = settings.allow.len();
        let guard = settings.guard(baseline.as_ref());
        Ok(Self {
            guard,
            root,
            here: here.to_path_buf(),
            baseline,
            require_reason: settings.require_reason,
            listed,
            names,
        })
    }

    /// A baseline that is there already, read or with what is wrong with it.
    pub fn read_baseline(&self, files: &dyn Files, path: &Path) -> Option<Result<Baseline>> {
        files.resolve(path).ok()?;
        Some(read_baseline(files, path, &display_from(&self.here, path)))
    }

    /// Makes fingerprints with the key of a baseline that is to be written anew; what `kustom.yaml`
    /// allows stays allowed.
    pub fn start_over(&mut self, baseline: Baseline) {
        let listed = self.guard.allow_list()[..self.listed].to_vec();
        self.guard = Guard::new()
            .require_reason(self.require_reason)
            .allow(listed)
            .key(baseline.key.clone());
        self.baseline = Some(baseline);
    }

    /// How a file is named to the guard: from the project's root.
    pub fn shown(&self) -> impl Fn(&Path) -> String + Sync + use<> {
        let root = self.root.clone();
        move |path| display_from(&root, path)
    }

    /// What was found, each secret once with all its places, named from where the user is.
    pub fn findings(&self, scans: &Scans) -> Vec<Finding> {
        findings_of(scans.leaks.iter().cloned(), |file| {
            let path = crate::load::normalized(&self.root.join(file));
            display_from(&self.here, &path)
        })
    }

    /// The entries of allow-lists that allowed nothing in a scan of everything, and those that
    /// never can: of a rule or a path that is not there. A pattern may be there for what will come;
    /// a fingerprint or the path of one file is not.
    ///
    /// # Errors
    ///
    /// If the files of the project cannot be listed.
    pub fn idle(
        &self,
        files: &dyn Files,
        scans: &Scans,
        tree: Option<&WorkTree>,
    ) -> Result<Vec<Finding>> {
        let list = self.guard.allow_list();
        let mut used = vec![false; list.len()];
        for one in &scans.allowed {
            if let AllowedBy::List { index, .. } = one.by {
                used[index] = true;
            }
        }
        let idle: Vec<usize> = (0..list.len()).filter(|index| !used[*index]).collect();
        let mut names = BTreeSet::new();
        if idle.iter().any(|index| list[*index].path.is_some()) {
            let mut paths = files_below(&self.root, tree)?;
            if let Some(tree) = tree {
                paths.extend(tree.tracked(&self.root)?.into_iter().map(|file| file.path));
            }
            names.extend(paths.iter().map(|path| display_from(&self.root, path)));
        }
        let written = nodes(files, &self.root.join("kustom.yaml"));
        let written = written.as_deref();
        let mut findings = Vec::new();
        for index in idle {
            let mistakes = self.mistakes(written, index, &names);
            match mistakes.is_empty() {
                true => findings.extend(self.gone(written, index)),
                false => findings.extend(mistakes),
            }
        }
        Ok(findings)
    }

    /// What lets secrets stay, and why: a note for each entry of `guard.allow` and for each comment,
    /// and one for the baseline.
    pub fn permits(&self, files: &dyn Files, scans: &Scans) -> Vec<Finding> {
        if scans.allowed.is_empty() {
            return Vec::new();
        }
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        let mut comments = Vec::new();
        for one in &scans.allowed {
            match &one.by {
                // Those of the baseline say nothing but fingerprints.
                AllowedBy::List { index, .. } => {
                    *counts.entry((*index).min(self.listed)).or_default() += 1;
                }
                AllowedBy::Comment { reason } => {
                    let path = crate::load::normalized(&self.root.join(&*one.leak.path));
                    let shown = display_from(&self.here, &path);
                    // A message that points to a secret repeats nothing of its line, and the reason
                    // stands there.
                    let by = format!("by a comment (`{shown}:{}`)", one.leak.span.line);
                    comments.push(permit(1, &by, reason.as_deref()));
                }
            }
        }
        let written = nodes(files, &self.root.join("kustom.yaml"));
        let written = written.as_deref();
        let list = self.guard.allow_list();
        let of_lists = counts.into_iter().map(|(index, count)| {
            let permit = match list.get(index).filter(|_| index < self.listed) {
                Some(entry) => {
                    let what = [&entry.path, &entry.key, &entry.rule, &entry.fingerprint];
                    let what = what.into_iter().flatten().next();
                    let what = what.map_or_else(String::new, |what| format!(" `{what}`"));
                    permit(
                        count,
                        &format!("by the entry{what}"),
                        entry.reason.as_deref(),
                    )
                }
                None => permit(
                    count,
                    "by the baseline",
                    Some("it holds their fingerprints"),
                ),
            };
            permit.at(self.place(written, index, None))
        });
        of_lists.chain(comments).collect()
    }

    /// What is wrong with an entry, so that it can allow nothing.
    fn mistakes(
        &self,
        written: Option<&Node>,
        index: usize,
        names: &BTreeSet<String>,
    ) -> Vec<Finding> {
        let entry = &self.guard.allow_list()[index];
        let mut mistakes = Vec::new();
        if let Some(rule) = &entry.rule
            && !guard::rules().any(|known| known == rule)
        {
            let limit = |known: &str| (known.len().min(rule.len()) / 5).max(1);
            let near = nearest_within(rule, guard::rules(), Case::Ignored, limit);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "a finding shows its rule in brackets, `error[weak-password]`; `kustom rules` \
                         lists them"
                        .to_owned()
                }
            };
            mistakes.push(
                Finding::warning("unknown-rule", format!("the guard has no rule `{rule}`"))
                    .at(self.place(written, index, Some("rule")))
                    .help(help),
            );
        }
        if let Some(path) = &entry.path
            && !names.contains(path)
            && !(path.contains(['*', '?']) && names.iter().any(|name| entry.fits(name)))
        {
            mistakes.push(
                Finding::warning("idle-permit", format!("no file fits `{path}`"))
                    .at(self.place(written, index, Some("path")))
                    .help(
                        "a path is relative to the root of the project; correct it, or take the \
                         entry away",
                    ),
            );
        }
        let says = [&entry.rule, &entry.path, &entry.key, &entry.fingerprint];
        if says.iter().all(|text| text.is_none()) {
            let message = "an entry of the allow-list names nothing, and allows nothing";
            mistakes.push(
                Finding::warning("idle-permit", message)
                    .at(self.place(written, index, None))
                    .help("say in `path`, `rule`, `key` or `fingerprint` what may stay"),
            );
        }
        mistakes
    }

    /// A remark on an entry whose fingerprint or file is not found any more.
    fn gone(&self, written: Option<&Node>, index: usize) -> Option<Finding> {
        let entry = &self.guard.allow_list()[index];
        let path = entry.path.as_deref().unwrap_or_default();
        let is_pattern = path.is_empty() || path.contains(['*', '?']);
        if entry.fingerprint.is_none() && is_pattern {
            return None;
        }
        let what = entry.fingerprint.as_deref().unwrap_or(path);
        let message = format!("an entry of the allow-list allows nothing: `{what}`");
        Some(
            Finding::new("idle-permit", Severity::Note, message)
                .at(self.place(written, index, None))
                .help("what it allowed is gone; remove the entry"),
        )
    }

    /// Where an entry of `kustom.yaml` stands, or the baseline.
    fn place(&self, written: Option<&Node>, index: usize, field: Option<&str>) -> Place {
        let name = self.names[usize::from(index >= self.listed)].as_str();
        if index >= self.listed {
            return Place::file(name);
        }
        let mut way = vec![
            Step::Field("guard"),
            Step::Field("allow"),
            Step::Item(index),
        ];
        way.extend(field.map(Step::Field));
        Place::in_file(name, span_at(written, &way))
    }
}

/// A note on what lets so many secrets stay.
fn permit(count: usize, by: &str, reason: Option<&str>) -> Finding {
    let what = match count {
        1 => "a secret may stay".to_owned(),
        count => format!("{count} secrets may stay"),
    };
    let why = reason.unwrap_or("no reason is given");
    Finding::new("permit", Severity::Note, format!("{what} {by}: {why}"))
}
