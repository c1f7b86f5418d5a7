//! The flags of commands that report findings: format and destination.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::Result;
use kustom::load::WorkTree;
use kustom::report::{Base, Color, Format, Report};
use kustom::write;

use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Reporting {
    /// How the report is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Name,
    /// Write the report to this file, not to stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with 0 whatever is found.
    #[arg(long)]
    exit_zero: bool,
}

/// The name of a format.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// For people.
    Text,
    /// Fields of our own.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML.
    Junit,
}

impl Reporting {
    /// Writes a report, says in a line what it holds, and tells the exit code.
    pub(super) fn write(&self, report: Report, streams: &Streams) -> Result<ExitCode> {
        let format = self.format.format();
        let report = &streams.masked(report);
        let color = match &self.output {
            Some(_) => Color::Never,
            None => streams.color_of_data(),
        };
        let text = streams.page(report, format, color);
        match &self.output {
            Some(path) => write::file(path, text.as_bytes())?,
            None if format == Format::Text => streams.paragraphs(&text)?,
            None => streams.data(&text)?,
        }
        if format != Format::Github || self.output.is_some() {
            streams.summary(report);
        }
        Ok(if report.failed() && !self.exit_zero {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        })
    }
}

impl Reporting {
    /// From where the paths of a report are counted; people read them from the current directory.
    pub(super) fn base(&self, here: &Path) -> Result<Base> {
        if self.format.format() == Format::Text {
            return Ok(Base::default());
        }
        Ok(base_of(WorkTree::discover(here)?.as_ref(), here))
    }

    /// Writes a report that is a text already, and tells the exit code.
    pub(super) fn write_text(
        &self,
        text: &str,
        failed: bool,
        streams: &Streams,
    ) -> Result<ExitCode> {
        match &self.output {
            Some(path) => write::file(path, text.as_bytes())?,
            None => streams.data(text)?,
        }
        Ok(match failed && !self.exit_zero {
            true => ExitCode::from(1),
            false => ExitCode::SUCCESS,
        })
    }
}

impl Name {
    fn format(self) -> Format {
        match self {
            Self::Text => Format::Text,
            Self::Json => Format::Json,
            Self::Sarif => Format::Sarif,
            Self::Github => Format::Github,
            Self::Gitlab => Format::Gitlab,
            Self::Junit => Format::Junit,
        }
    }
}

/// From where paths are counted in a work tree, or outside of one.
pub(super) fn base_of(tree: Option<&WorkTree>, here: &Path) -> Base {
    tree.map_or_else(Base::default, |tree| Base::new(tree.root(), here))
}
