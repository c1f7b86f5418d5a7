//! The boilerplate: placeholder files that stand in for secrets until they are filled in.
//!
//! The comments in a file of the boilerplate are instructions: a file that still holds one of them
//! is not filled in, and neither is one that still holds a line that only marks a place.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Project;
use super::templates::{rendered, text};
use crate::error::Result;
use crate::guard::{Guard, is_placeholder};
use crate::load::{Files, unlistable, unreadable};
use crate::template::{self, SUFFIX, Values};

/// The mark for a value that is not given.
const MARK: &str = "CHANGE_ME";

/// A file of the boilerplate.
pub(super) struct Boilerplate {
    /// Its path below the boilerplate, without the end of a template.
    pub(super) name: PathBuf,
    /// Where it stands.
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) is_template: bool,
}

/// The files of the boilerplate, in folders or not.
pub(super) fn boilerplate(files: &dyn Files, project: &Project) -> Result<Vec<Boilerplate>> {
    let Some(directory) = &project.boilerplate else {
        return Ok(Vec::new());
    };
    let files = &project.within(files);
    let names = files
        .walk(directory)
        .map_err(|cause| unlistable(directory, &project.shown(directory), cause))?;
    names
        .into_iter()
        .map(|name| {
            let path = directory.join(&name);
            let bytes = files
                .read(&path)
                .map_err(|cause| unreadable(&project.shown(&path), cause))?;
            let text = name.to_string_lossy();
            let plain = text.strip_suffix(SUFFIX).map(PathBuf::from);
            Ok(Boilerplate {
                is_template: plain.is_some(),
                name: plain.unwrap_or_else(|| name.clone()),
                path,
                bytes,
            })
        })
        .collect()
}

impl Boilerplate {
    /// The values that a template uses and that are not given.
    pub(super) fn unanswered(&self, project: &Project, values: &Values) -> Result<Vec<String>> {
        if !self.is_template {
            return Ok(Vec::new());
        }
        let name = project.shown(&self.path);
        let mut keys = template::wanted(&name, text(&name, &self.bytes)?)?;
        keys.retain(|key| !values.has(key));
        Ok(keys)
    }

    /// What stands in for the file; a template has marks where it asks for what nobody has given.
    pub(super) fn placeholder(&self, project: &Project, values: &Values) -> Result<Vec<u8>> {
        if !self.is_template {
            return Ok(self.bytes.clone());
        }
        let mut values = values.clone();
        for key in self.unanswered(project, &values)? {
            values.set(&key, MARK.into())?;
        }
        let text = rendered(&project.shown(&self.path), &self.bytes, &values)?;
        Ok(text.into_bytes())
    }
}

/// The first comment in a file of the boilerplate, with all its lines, unless it holds what must not
/// be shown.
pub(super) fn instruction(bytes: &[u8], guard: &Guard) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = text.lines().map(str::trim_start);
    let lines = lines.skip_while(|line| comment(line).is_none());
    let mut words = String::new();
    // A line that is indented is a command, and stands by itself; so does what an empty one parts.
    let mut is_apart = false;
    for line in lines.take_while(|line| line.starts_with('#')) {
        let Some(said) = comment(line) else {
            is_apart = true;
            continue;
        };
        let indent = line.trim_start_matches('#');
        let is_command = indent.starts_with("  ") || indent.starts_with('\t');
        match words.is_empty() {
            true => {}
            false if is_apart || is_command => words.push('\n'),
            false => words.push(' '),
        }
        words.push_str(said);
        is_apart = is_command;
    }
    let is_clean = guard.scan("instruction", words.as_bytes()).leaks.is_empty();
    (is_clean && !words.is_empty()).then(|| words.trim_end_matches('.').to_owned())
}

/// Whether a file is filled in.
pub(super) fn is_filled(content: &[u8], twin: Option<&Boilerplate>, project: &Project) -> bool {
    let Ok(content) = std::str::from_utf8(content) else {
        return true;
    };
    let twin = twin.and_then(|twin| {
        let placeholder = twin.placeholder(project, &Values::default());
        String::from_utf8(placeholder.unwrap_or_else(|_| twin.bytes.clone())).ok()
    });
    let Some(twin) = twin else {
        return !content.trim().is_empty() && !is_marked(content);
    };
    if content.trim() == twin.trim() {
        return false;
    }
    let lines: BTreeSet<&str> = content.lines().map(str::trim).collect();
    let is_left = |line: &&str| comment(line).is_some() || is_marked(line);
    !twin
        .lines()
        .map(str::trim)
        .filter(is_left)
        .any(|line| lines.contains(line))
}

/// The words of a line that is a comment, and more than a mark.
fn comment(line: &str) -> Option<&str> {
    let words = line
        .trim()
        .strip_prefix('#')?
        .trim_start_matches('#')
        .trim();
    words.chars().any(char::is_alphanumeric).then_some(words)
}

/// Whether a line only marks the place of a value, in a form that no real value has.
fn is_marked(line: &str) -> bool {
    let line = line.trim().trim_end_matches(',');
    let lower = line.to_lowercase();
    let words = [
        "change_me",
        "changeme",
        "change-me",
        "replace_me",
        "replaceme",
        "fill_me",
        "xxxx",
    ];
    words.iter().any(|word| lower.contains(word))
        || (line.contains('<') && line.contains('>') && is_placeholder(line))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::load::Memory;

    fn filled(boilerplate: &str, content: &str) -> bool {
        let mut files = Memory::default();
        files.insert("/p/kustom.yaml", "");
        files.insert("/p/environments/a/kustomization.yaml", "");
        let project = Project::find(&files, Path::new("/p")).unwrap();
        let twin = Boilerplate {
            name: "x".into(),
            path: "/p/x".into(),
            bytes: boilerplate.into(),
            is_template: false,
        };
        is_filled(content.as_bytes(), Some(&twin), &project)
    }

    #[test]
    fn an_instruction_has_all_its_lines() {
        let told = |text: &str| instruction(text.as_bytes(), &Guard::new());
        let text = "#!/bin/sh\nkind: Secret\n# 32 bytes,\n#\n#   in base64.\na: b\n# more\n";
        assert_eq!(told(text).as_deref(), Some("!/bin/sh"));
        let (_, text) = text.split_once('\n').unwrap();
        assert_eq!(told(text).as_deref(), Some("32 bytes,\nin base64"));
        let text = "# One sentence\n# goes on.\n#   a command\n# And more.\n";
        let whole = "One sentence goes on.\na command\nAnd more";
        assert_eq!(told(text).as_deref(), Some(whole));
        assert_eq!(told("a: b\n#\n"), None);
        let drawn = ["q7Vw2Lr9", "Tn4Xc8Zb", "K1mH6sPd"].concat();
        assert_eq!(told(&format!("# such as\n# password={drawn}\n")), None);
    }

    #[test]
    fn a_file_is_filled_when_no_instruction_and_no_mark_is_left() {
        assert!(filled("# 32 bytes\nCHANGE_ME\n", "a"));
        assert!(!filled("# 32 bytes\nCHANGE_ME\n", "# 32 bytes\nCHANGE_ME"));
        assert!(!filled("# 32 bytes\nCHANGE_ME\n", "# 32 bytes\nhunter2\n"));
        assert!(filled(
            "# 32 bytes\nCHANGE_ME\n",
            "# a comment of mine\nhunter2\n"
        ));
        let json = "{\n  \"user\": \"CHANGE_ME\",\n  \"safe\": true\n}\n";
        assert!(!filled(
            json,
            "{\n  \"user\": \"CHANGE_ME\",\n  \"safe\": false\n}\n"
        ));
        assert!(filled(
            json,
            "{\n  \"user\": \"me\",\n  \"safe\": true\n}\n"
        ));
        assert!(!filled(
            "token: <the token>\n",
            "other: 1\ntoken: <the token>\n"
        ));
        assert!(filled("token\n", "tokens\n"));
    }
}
