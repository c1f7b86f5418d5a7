//! Renders Helm charts with the user's own helm.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/builtins/#_helmchartinflationgenerator_>.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, Text, manifests, read_config, read_manifests, through_json, write};

use super::{HelmOptions, Options, places};
use crate::kustomization::{HelmChart, HelmGlobals};
use crate::load::{Content, Disk, Files as _, Loader, Remote, normalized};
use crate::patch::merge_strategic;
use crate::process::{Command, Output};
use crate::resource::{self, Resource};
use crate::schema::Schema;
use crate::write::Scratch;

/// The helm of a build.
#[derive(Debug, Default)]
pub struct Helm {
    /// Whether its version is known to be one that we can use.
    is_fit: bool,
}

impl Helm {
    /// Inflates a chart, fetching it first if it is not there.
    ///
    /// # Errors
    ///
    /// If charts are not enabled, the chart's arguments are wrong, or helm fails.
    pub fn inflate(
        &mut self,
        chart: &HelmChart,
        globals: &HelmGlobals,
        loader: &Loader<'_>,
        options: &Options,
        schema: &Schema,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Resource>> {
        options.helm_may_run(chart, globals)?;
        let mut inflation = Inflation::new(chart, globals, loader, &options.helm)?;
        self.check_version(&inflation)?;
        inflation.fetch()?;
        if !options.helm.renders() {
            return Ok(Vec::new());
        }
        findings.extend(inflation.other_version());
        findings.extend(inflation.lost_nulls());
        let values = inflation.values(schema)?;
        let output = inflation.run(&inflation.template_arguments(&values)?)?;
        let made = read_manifests(&output.data, SourceId::NONE)
            .and_then(|stream| resource::from_documents(stream, schema));
        let mut made = made.map_err(|error| {
            let message = format!("in what helm made of the chart `{}`", chart.name);
            error.note(message, Some(chart.name.span.into()))
        })?;
        for resource in &mut made {
            resource.history.from_helm = true;
        }
        places::settle_templates(&mut made, &output.data, loader);
        Ok(made)
    }

    /// Takes notice of a chart for a lock or for vendoring, and fetches it if it is not at hand.
    ///
    /// # Errors
    ///
    /// As [`inflate`](Self::inflate); a chart that is at hand needs no permission.
    pub fn fetch(
        &mut self,
        chart: &HelmChart,
        globals: &HelmGlobals,
        loader: &Loader<'_>,
        options: &Options,
    ) -> Result<()> {
        let mut inflation = Inflation::new(chart, globals, loader, &options.helm)?;
        if !inflation.is_at_hand() {
            options.helm_may_run(chart, globals)?;
            self.check_version(&inflation)?;
        }
        inflation.fetch()
    }

    fn check_version(&mut self, inflation: &Inflation<'_>) -> Result<()> {
        if !self.is_fit {
            inflation.check_version()?;
            self.is_fit = true;
        }
        Ok(())
    }
}

impl Options {
    /// Whether helm may run.
    pub fn allows_charts(&self) -> bool {
        self.enabled || self.helm.enabled || self.helm.enabled_by_project
    }

    fn helm_may_run(&self, chart: &HelmChart, globals: &HelmGlobals) -> Result<()> {
        if !self.allows_charts() {
            let error = Error::new(Kind::Plugin, "helm charts need `--enable-helm`");
            return Err(error.at(chart.name.span).help(
                "a project says it once and for all with `helm: {enabled: true}` in its \
                 `kustom.yaml`",
            ));
        }
        let is_asked = self.enabled || self.helm.enabled;
        if !is_asked && !globals.config_home.is_empty() {
            let error = Error::new(Kind::Plugin, "`configHome` needs `--enable-helm`");
            return Err(error.at(globals.config_home.span).help(
                "helm runs the plugins that lie there: the one who runs it has to allow that, not \
                 a file of the repository",
            ));
        }
        Ok(())
    }
}

impl HelmOptions {
    /// Whether charts are rendered, and not only locked or vendored.
    pub fn renders(&self) -> bool {
        let remotes = self.charts.as_ref();
        remotes.is_none_or(|remotes| remotes.are_built_on())
    }
}

/// A chart that is about to be inflated.
struct Inflation<'c> {
    chart: &'c HelmChart,
    loader: &'c Loader<'c>,
    options: &'c HelmOptions,
    /// The directory that holds the chart's own.
    home: PathBuf,
    /// helm's configuration: the configured one, or a fresh one.
    config_home: PathBuf,
    /// Where helm finds the chart.
    path: PathBuf,
    /// Whether the chart is none of the build's files.
    is_fetched: bool,
    /// For values, and for a configuration of no one's.
    scratch: Scratch,
    winner: Winner,
}

/// Which values count where the kustomization and a file both have some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Winner {
    /// Those of the kustomization: `override`.
    Kustomization,
    /// Those of the file: `merge`.
    File,
    /// Those of the kustomization, and no others: `replace`.
    KustomizationAlone,
}

impl Winner {
    fn of(chart: &HelmChart) -> Result<Self> {
        match &*chart.values_merge {
            "" | "override" => Ok(Self::Kustomization),
            "merge" => Ok(Self::File),
            "replace" => Ok(Self::KustomizationAlone),
            word => {
                let message = format!("`{word}` is not a value of `valuesMerge`");
                Err(Error::new(Kind::Plugin, message)
                    .at(chart.values_merge.span)
                    .help("it is `override`, `merge` or `replace`"))
            }
        }
    }
}

impl<'c> Inflation<'c> {
    fn new(
        chart: &'c HelmChart,
        globals: &HelmGlobals,
        loader: &'c Loader<'c>,
        options: &'c HelmOptions,
    ) -> Result<Self> {
        if options.command.is_empty() {
            return Err(Error::new(Kind::Plugin, "the helm command is empty")
                .help("name one with `--helm-command`"));
        }
        if chart.name.is_empty() {
            return Err(Error::new(Kind::Plugin, "a chart without a `name`")
                .at(chart.name.span)
                .help("say `name`, the chart's directory below `chartHome`"));
        }
        for (field, text) in [("name", &chart.name), ("releaseName", &chart.release_name)] {
            refuse_flag(
                field,
                text,
                "helm would take it for a flag; use another name",
            )?;
        }
        let scratch =
            Scratch::new("kustom-helm-").map_err(|cause| cannot_write(&cause).caused_by(cause))?;
        let home = if globals.chart_home.is_empty() {
            "charts"
        } else {
            &*globals.chart_home
        };
        let mut home = loader.root().join(home);
        if !chart.version.is_empty() && !chart.repo.is_empty() {
            home.push(format!("{}-{}", chart.name, chart.version));
        }
        let config_home = if globals.config_home.is_empty() {
            scratch.path().join("helm")
        } else {
            PathBuf::from(&*globals.config_home)
        };
        let home = normalized(&home);
        let path = home.join(&*chart.name);
        if !loader.is_directory(&normalized(&path)) {
            refuse_flag("repo", &chart.repo, "write the URL of a repository")?;
        }
        Ok(Self {
            path,
            is_fetched: false,
            chart,
            loader,
            options,
            home,
            config_home,
            scratch,
            winner: Winner::of(chart)?,
        })
    }

    /// The file with the chart's values, or with those that are asked for.
    fn values_file(&self) -> Text {
        if !self.chart.values_file.is_empty() {
            return self.chart.values_file.clone();
        }
        let path = normalized(&self.home.join(&*self.chart.name).join("values.yaml"));
        Text {
            text: path.to_string_lossy().into(),
            span: self.chart.name.span,
        }
    }

    fn check_version(&self) -> Result<()> {
        let output = self.run(&["version".into(), "--short".into()])?;
        let version = String::from_utf8_lossy(&output.data);
        match major_version(&version) {
            Some("3" | "4") => Ok(()),
            Some(major) => {
                let message = format!("charts need helm 3 or 4, and this is helm {major}");
                Err(Error::new(Kind::Plugin, message).help("name another with `--helm-command`"))
            }
            None => {
                let message = format!("helm does not say its version: `{}`", version.trim());
                Err(Error::new(Kind::Plugin, message))
            }
        }
    }

    fn is_at_hand(&self) -> bool {
        self.loader.is_directory(&self.own_path())
    }

    /// Where the chart is if it is at hand.
    fn own_path(&self) -> PathBuf {
        normalized(&self.home.join(&*self.chart.name))
    }

    /// The chart as a lock names it, if it is one of a repository.
    fn remote(&self) -> Option<Remote> {
        let chart = self.chart;
        let version = match (&*chart.version, chart.devel) {
            // What helm makes of `--devel`.
            ("", true) => ">0.0.0-0",
            (version, _) => version,
        };
        (!chart.repo.is_empty()).then(|| Remote::chart(&chart.repo, &chart.name, version))
    }

    /// Finds the chart, or fetches it.
    fn fetch(&mut self) -> Result<()> {
        let path = self.own_path();
        let remote = self.remote();
        let remotes = self.options.charts.as_deref();
        if self.is_at_hand() {
            if let Some(remote) = &remote {
                let held = self.loader.hold_chart(remotes, remote, &path);
                held.map_err(|error| error.at(self.chart.name.span))?;
            }
            self.path = self.loader.on_disk(&path, &self.scratch, "chart")?;
            return Ok(());
        }
        let Some(remote) = remote else {
            self.loader.miss(&path);
            let message = format!("there is no chart `{}`", self.chart.name);
            return Err(Error::new(Kind::Plugin, message)
                .at(self.chart.name.span)
                .help(format!(
                    "it is looked for at `{}`; with a `repo` it would be fetched",
                    path.display()
                )));
        };
        let pull = |directory: &Path, version: &str| self.pull(directory, version);
        let found = self.loader.chart(remotes, &remote, &self.scratch, &pull);
        match found.map_err(|error| error.at(self.chart.repo.span))? {
            Some(path) => {
                self.path = path;
                self.is_fetched = true;
                Ok(())
            }
            None => self.pull(&self.home, &self.chart.version),
        }
    }

    /// Fetches a version of the chart; one that cannot be had is a file that cannot be read.
    fn pull(&self, directory: &Path, version: &str) -> Result<()> {
        let pulled = self.run(&self.pull_arguments(directory, version));
        pulled.map(drop).map_err(|error| {
            let refetched = Error::new(Kind::Load, error.message()).at(self.chart.name.span);
            match error.help_line() {
                Some(help) => refetched.help(help.to_owned()),
                None => refetched,
            }
        })
    }

    /// A remark on a chart that is there in another version than the one that is asked for.
    fn other_version(&self) -> Option<Finding> {
        let wanted = &self.chart.version;
        // A range only matters when a chart is fetched.
        let is_exact = wanted.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
            && wanted.split('.').count() >= 3
            && !wanted.contains([' ', '*', 'x', 'X', '|', ',']);
        if self.is_fetched || !is_exact {
            return None;
        }
        let bytes = Disk.read(&self.path.join("Chart.yaml")).ok()?;
        let chart = read_config(&bytes, SourceId::NONE).ok()?;
        let found = chart.get("version").and_then(Node::text)?;
        let plain = |version: &str| version.trim_start_matches('v').to_owned();
        (plain(found) != plain(wanted)).then(|| {
            let message = format!(
                "the chart `{}` is there in version `{found}`, not `{wanted}`",
                self.chart.name
            );
            Finding::warning("chart-version", message)
                .at(wanted.span)
                .help(
                    "a chart that is there is used as it is: correct `version`, or remove it \
                     and let it be fetched from `repo`",
                )
        })
    }

    /// Remarks on values that are null: helm removes such keys, and never sees these.
    fn lost_nulls(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(inline) = &self.chart.values_inline
            && self.winner != Winner::KustomizationAlone
        {
            gather_nulls(inline, &mut String::new(), &mut findings);
        }
        findings
    }

    fn pull_arguments(&self, directory: &Path, version: &str) -> Vec<OsString> {
        let chart = self.chart;
        let mut arguments: Vec<OsString> = vec!["pull".into(), "--untar".into()];
        arguments.extend(["--untardir".into(), OsString::from(directory)]);
        if chart.repo.starts_with("oci://") {
            let repo = chart.repo.strip_suffix('/').unwrap_or(&chart.repo);
            arguments.push(format!("{repo}/{}", chart.name).into());
        } else {
            arguments.extend(["--repo".into(), OsString::from(&*chart.repo)]);
            arguments.push(OsString::from(&*chart.name));
        }
        option(&mut arguments, "--version", version);
        if chart.devel {
            arguments.push("--devel".into());
        }
        arguments
    }

    fn template_arguments(&self, values: &Path) -> Result<Vec<OsString>> {
        let (chart, options) = (self.chart, self.options);
        let mut arguments: Vec<OsString> = vec!["template".into()];
        arguments.push(if chart.release_name.is_empty() {
            "--generate-name".into()
        } else {
            OsString::from(&*chart.release_name)
        });
        arguments.push(self.path.clone().into_os_string());
        option(&mut arguments, "--namespace", &chart.namespace);
        option(&mut arguments, "--name-template", &chart.name_template);
        arguments.extend(["-f".into(), OsString::from(values)]);
        for (index, file) in chart.additional_values_files.iter().enumerate() {
            arguments.extend([
                "-f".into(),
                self.additional_values(index, file)?.into_os_string(),
            ]);
        }
        // The entry of a chart overrides the command line.
        if chart.api_versions.is_empty() {
            let versions = options.api_versions.iter();
            versions.for_each(|version| option(&mut arguments, "--api-versions", version));
        }
        for version in &chart.api_versions {
            arguments.extend(["--api-versions".into(), OsString::from(&**version)]);
        }
        let kube_version = if chart.kube_version.is_empty() {
            options.kube_version.as_str()
        } else {
            &chart.kube_version
        };
        option(&mut arguments, "--kube-version", kube_version);
        for (is_asked, flag) in [
            (chart.include_crds, "--include-crds"),
            (chart.skip_tests, "--skip-tests"),
            (chart.skip_hooks, "--no-hooks"),
            (chart.debug || options.debug, "--debug"),
            (chart.devel, "--devel"),
        ] {
            if is_asked {
                arguments.push(flag.into());
            }
        }
        Ok(arguments)
    }

    /// The file with the values that helm is given.
    fn values(&self, schema: &Schema) -> Result<PathBuf> {
        let inline = self
            .chart
            .values_inline
            .as_ref()
            .filter(|node| !node.entries().is_empty());
        let bytes = match inline {
            None => self.read_values()?.bytes,
            Some(inline) => {
                let merged = self.merged(through_json(inline)?, schema)?;
                let mut text = String::new();
                write(&through_json(&merged)?, &mut text)?;
                text.into()
            }
        };
        let name = self.chart.name.replace('/', "-");
        self.write(&format!("{name}-kustomize-values.yaml"), &bytes)
    }

    /// The values of the chart, or those that are asked for in their place.
    fn read_values(&self) -> Result<Content> {
        let name = self.values_file();
        if !(self.is_fetched && self.chart.values_file.is_empty()) {
            return self.loader.read(&name);
        }
        let bytes = Disk.read(&self.path.join("values.yaml")).map_err(|cause| {
            let message = format!("the chart `{}` has no `values.yaml`", self.chart.name);
            Error::new(Kind::Plugin, message)
                .at(name.span)
                .caused_by(cause)
        })?;
        Ok(Content {
            bytes: bytes.into(),
            source: SourceId::NONE,
        })
    }

    fn merged(&self, inline: Node, schema: &Schema) -> Result<Node> {
        if self.winner == Winner::KustomizationAlone {
            return Ok(inline);
        }
        let name = self.values_file();
        let content = self.read_values()?;
        let file = manifests(&content.bytes, content.source)?
            .into_iter()
            .next();
        let Some(file) = file else {
            let message = format!("the values in `{}` are empty", self.shown(&name));
            return Err(Error::new(Kind::Plugin, message)
                .at(name.span)
                .help("say `valuesMerge: replace`, so that they are not needed"));
        };
        let (mut target, patch) = match self.winner {
            Winner::File => (inline, file),
            _ => (file, inline),
        };
        if patch.get("$patch").and_then(Node::text) == Some("replace") {
            target = patch;
            target.remove("$patch");
            return Ok(target);
        }
        merge_strategic(&mut target, &patch, schema, self.loader.budget())?;
        Ok(target)
    }

    /// A further file with values: its own path where helm finds there what we find.
    fn additional_values(&self, index: usize, name: &Text) -> Result<PathBuf> {
        let content = self.loader.read(name)?;
        let path = normalized(&self.loader.root().join(name.trim_start_matches('/')));
        if Disk.read(&path).is_ok_and(|bytes| bytes == content.bytes) {
            return Ok(path);
        }
        self.write(&format!("additional-values-{index}.yaml"), &content.bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let written = self.scratch.write(Path::new(name), bytes);
        written.map_err(|cause| cannot_write(&cause).caused_by(cause))
    }

    fn run(&self, arguments: &[OsString]) -> Result<Output> {
        let home = self.config_home.display();
        let variable = |name: &str, value: String| (name.into(), value.into());
        let command = Command {
            environment: vec![
                variable("HELM_CONFIG_HOME", home.to_string()),
                variable("HELM_CACHE_HOME", format!("{home}/.cache")),
                variable("HELM_DATA_HOME", format!("{home}/.data")),
            ],
            ..Command::new(&self.options.command, arguments)
        };
        let output = command.run().map_err(|failure| {
            let error = failure
                .into_error(&command.program)
                .at(self.chart.name.span);
            error.help("name another helm with `--helm-command`")
        })?;
        if output.status.success() {
            Ok(output)
        } else {
            Err(self.failed(arguments, &output))
        }
    }

    fn failed(&self, arguments: &[OsString], output: &Output) -> Error {
        let what = arguments
            .first()
            .map(|word| word.to_string_lossy())
            .unwrap_or_default();
        let words = String::from_utf8_lossy(&output.words);
        let reason = words.lines().find_map(|line| line.strip_prefix("Error: "));
        let why = reason.map(str::to_owned).or_else(|| output.last_words());
        let why = why.unwrap_or_else(|| output.ending());
        let message = format!(
            "`helm {what}` of the chart `{}` failed: {why}",
            self.chart.name
        );
        Error::new(Kind::Plugin, message).at(self.chart.name.span)
    }

    fn shown(&self, name: &Text) -> String {
        let path = Path::new(&**name);
        path.strip_prefix(self.loader.root())
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// A remark on each null among the values of maps.
fn gather_nulls(node: &Node, path: &mut String, findings: &mut Vec<Finding>) {
    let length = path.len();
    for entry in node.entries() {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(entry.key.text().unwrap_or_default());
        if entry.value.is_null() {
            let message = format!("`{path}: null` in `valuesInline` removes nothing");
            findings.push(
                Finding::warning("null-value", message)
                    .at(entry.value.span)
                    .help(
                        "helm would remove the key, but the value is merged before helm sees it; \
                         set another value, or put it into a file of `additionalValuesFiles`",
                    ),
            );
        }
        gather_nulls(&entry.value, path, findings);
        path.truncate(length);
    }
}

/// Adds an option that has a value.
fn option(arguments: &mut Vec<OsString>, name: &str, value: &str) {
    if !value.is_empty() {
        arguments.extend([OsString::from(name), OsString::from(value)]);
    }
}

/// Refuses what helm could take for a flag, before it is called.
fn refuse_flag(field: &str, text: &Text, help: &str) -> Result<()> {
    if !text.starts_with('-') {
        return Ok(());
    }
    let message = format!("the `{field}` of a chart begins with a dash: `{text}`");
    Err(Error::new(Kind::Plugin, message).at(text.span).help(help))
}

/// The first number of a version such as `v3.18.1+gb88f8a2`; other numbers are none.
fn major_version(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = rest.cut(start..);
        let end = number
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(number.len());
        let (major, after) = number.halves(end);
        let has_minor = after
            .strip_prefix('.')
            .is_some_and(|minor| minor.starts_with(|c: char| c.is_ascii_digit()));
        if has_minor {
            return Some(major);
        }
        rest = after;
    }
    None
}

fn cannot_write(cause: &io::Error) -> Error {
    Error::new(
        Kind::Plugin,
        format!("cannot write values for helm: {cause}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Memory, Restriction, SourceStore};

    /// The arguments that helm gets for a chart that is not there.
    fn lines(chart: &HelmChart, globals: &HelmGlobals, options: &HelmOptions) -> (String, String) {
        let mut files = Memory::default();
        files.insert("/app/kustomization.yaml", "");
        files.insert("/app/more.yaml", "a: 1");
        let library = SourceStore::new(&files, "/", Restriction::RootOnly);
        let loader = library.open(Path::new("app")).unwrap();
        let inflation = Inflation::new(chart, globals, &loader, options).unwrap();
        let line = |words: Vec<OsString>| {
            let line = words
                .iter()
                .map(|word| word.to_string_lossy())
                .collect::<Vec<_>>()
                .join(" ");
            line.replace(&*inflation.scratch.path().to_string_lossy(), "TMP")
        };
        let values = inflation.scratch.path().join("v");
        let template = inflation.template_arguments(&values).unwrap();
        (
            line(inflation.pull_arguments(&inflation.home, &chart.version)),
            line(template),
        )
    }

    #[test]
    fn a_chart_needs_little() {
        let chart = HelmChart {
            name: "app".into(),
            ..HelmChart::default()
        };
        let options = Options::default().helm;
        let (_, template) = lines(&chart, &HelmGlobals::default(), &options);
        assert_eq!(
            template,
            "template --generate-name /app/charts/app -f TMP/v"
        );
    }

    #[test]
    fn every_field_of_a_chart_reaches_helm() {
        let chart = HelmChart {
            name: "app".into(),
            version: "1.2.3".into(),
            repo: "https://example.com/charts".into(),
            release_name: "rel".into(),
            namespace: "ns".into(),
            name_template: "tpl".into(),
            additional_values_files: vec!["more.yaml".into()],
            api_versions: vec!["a/v1".into(), "b/v1".into()],
            include_crds: true,
            skip_tests: true,
            skip_hooks: true,
            devel: true,
            ..HelmChart::default()
        };
        let globals = HelmGlobals {
            chart_home: "./c".into(),
            ..HelmGlobals::default()
        };
        let options = HelmOptions {
            api_versions: vec!["c/v1".to_owned()],
            kube_version: "1.30".to_owned(),
            debug: true,
            ..Options::default().helm
        };
        let (pull, template) = lines(&chart, &globals, &options);
        assert_eq!(
            pull,
            "pull --untar --untardir /app/c/app-1.2.3 --repo https://example.com/charts app \
             --version 1.2.3 --devel"
        );
        assert_eq!(
            template,
            "template rel /app/c/app-1.2.3/app --namespace ns --name-template tpl -f TMP/v \
             -f TMP/additional-values-0.yaml --api-versions a/v1 --api-versions b/v1 \
             --kube-version 1.30 --include-crds --skip-tests --no-hooks --debug --devel"
        );
    }

    #[test]
    fn a_registry_is_part_of_the_charts_name() {
        let chart = HelmChart {
            name: "app".into(),
            repo: "oci://example.com/charts/".into(),
            ..HelmChart::default()
        };
        let (pull, _) = lines(&chart, &HelmGlobals::default(), &Options::default().helm);
        assert_eq!(
            pull,
            "pull --untar --untardir /app/charts oci://example.com/charts/app"
        );
    }

    #[test]
    fn a_version_is_found_in_what_helm_says() {
        for (text, major) in [
            ("v3.18.1+gb88f8a2", Some("3")),
            ("version.BuildInfo{Version:\"v4.0\"}", Some("4")),
            ("WARNING 7: old\n2.17.0", Some("2")),
            ("helm", None),
            ("v3", None),
        ] {
            assert_eq!(major_version(text), major, "{text}");
        }
    }
}
