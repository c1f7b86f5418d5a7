//! Reads Makefiles: variables, rules, and the lines of their recipes as a shell gets them.
//!
//! A variable that nobody sets, and one with a default (`?=`), become a parameter of the shell, so
//! that the run treats them as one; so does the stem of a pattern rule.
//! Source: <https://www.gnu.org/software/make/manual/html_node/index.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::place::{SourceId, Span};

/// How deep variables may refer to each other.
const DEEPEST: usize = 20;
/// How long an expanded line may be.
const LONGEST: usize = 1 << 16;
/// The parameter that the stem of a pattern rule becomes.
pub(super) const STEM: &str = "MAKE_STEM";

/// A Makefile, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Makefile {
    variables: BTreeMap<String, Variable>,
    rules: Vec<Rule>,
    /// Lines that are not understood.
    pub(super) skipped: Vec<(String, Span)>,
}

#[derive(Clone, Debug)]
struct Variable {
    value: Arc<str>,
    is_default: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    targets: Vec<String>,
    prerequisites: Vec<String>,
    recipe: Vec<(String, Span)>,
}

impl Makefile {
    /// Reads a text; `given` are the variables of the command line, which nothing overrides.
    pub(super) fn parse(text: &str, given: &BTreeMap<String, String>) -> Self {
        let mut makefile = Self::default();
        let mut is_open = true;
        // Conditionals: whether each is open, and whether one of its branches was.
        let mut conditionals: Vec<(bool, bool)> = Vec::new();
        let mut lines = logical_lines(text).into_iter().peekable();
        while let Some((line, at)) = lines.next() {
            if let Some(recipe) = line.strip_prefix('\t') {
                if is_open && let Some(rule) = makefile.rules.last_mut() {
                    rule.recipe.push((recipe.to_owned(), at));
                }
                continue;
            }
            let line = without_comment(&line).trim().to_owned();
            let word = line.split([' ', '\t', '(']).next().unwrap_or_default();
            match word {
                "" => continue,
                "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                    let holds = is_open && makefile.holds(word, &line, given);
                    conditionals.push((is_open, holds));
                    is_open = holds;
                    continue;
                }
                "else" => {
                    if let Some((outer, done)) = conditionals.last_mut() {
                        let rest = line.trim_start_matches("else").trim().to_owned();
                        let next = rest.split([' ', '(']).next().unwrap_or_default().to_owned();
                        let (outer_open, was_done) = (*outer, *done);
                        let holds = outer_open
                            && !was_done
                            && (rest.is_empty() || makefile.holds(&next, &rest, given));
                        *done |= holds;
                        is_open = holds;
                    }
                    continue;
                }
                "endif" => {
                    is_open = conditionals.pop().is_none_or(|(outer, _)| outer);
                    continue;
                }
                "define" => {
                    makefile.skipped.push(("`define`".to_owned(), at));
                    while lines.next_if(|(line, _)| line.trim() != "endef").is_some() {}
                    lines.next();
                    continue;
                }
                _ if !is_open => continue,
                "include" | "-include" | "sinclude" => {
                    makefile.skipped.push((format!("`{line}`"), at));
                    continue;
                }
                _ => {}
            }
            let line = line.strip_prefix("export ").unwrap_or(&line).trim();
            let line = line.strip_prefix("override ").unwrap_or(line).trim();
            if !makefile.assign(line, given) {
                makefile.rule(line);
            }
        }
        for (name, value) in given {
            let value = Variable {
                value: value.as_str().into(),
                is_default: false,
            };
            makefile.variables.insert(name.clone(), value);
        }
        makefile
    }

    /// `NAME = VALUE`, with any of make's signs.
    fn assign(&mut self, line: &str, given: &BTreeMap<String, String>) -> bool {
        let Some((before, value)) = line.split_once('=') else {
            return false;
        };
        let name = before.trim_end_matches([':', '?', '+', '!']).trim();
        let sign = before.trim_end().trim_start_matches(name).trim();
        let is_name = !name.is_empty() && !name.contains([' ', '\t', ':', '$', '(']);
        if !is_name || !["", ":", "::", ":::", "?", "+", "!"].contains(&sign) {
            return false;
        }
        let value = value.trim();
        let value = match sign {
            ":" | "::" | ":::" => self.expanded(value, &Automatic::default(), given, 0),
            "!" => format!("$(shell {value})"),
            "+" => match self.variables.get(name) {
                Some(known) => format!("{} {value}", known.value),
                None => value.to_owned(),
            },
            "?" if self.variables.contains_key(name) => return true,
            _ => value.to_owned(),
        };
        let is_default = sign == "?";
        let value = Variable {
            value: value.into(),
            is_default,
        };
        self.variables.insert(name.to_owned(), value);
        true
    }

    fn rule(&mut self, line: &str) {
        let none = BTreeMap::new();
        let (line, recipe) = match line.split_once(';') {
            Some((line, recipe)) => (line, Some(recipe)),
            None => (line, None),
        };
        let line = self.expanded(line, &Automatic::default(), &none, 0);
        let Some((targets, rest)) = line.split_once(':') else {
            return;
        };
        let rest = rest.trim_start_matches(':');
        // `target: VARIABLE = value` is of that target alone.
        if rest.contains('=') {
            return;
        }
        let rest = rest.split('|').next().unwrap_or_default();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        self.rules.push(Rule {
            targets: words(targets),
            prerequisites: words(rest),
            recipe: recipe
                .map(|recipe| (recipe.trim().to_owned(), Span::default()))
                .into_iter()
                .collect(),
        });
    }

    fn holds(&self, word: &str, line: &str, given: &BTreeMap<String, String>) -> bool {
        let rest = line
            .trim_start()
            .strip_prefix(word)
            .unwrap_or_default()
            .trim();
        let value = |text: &str| {
            self.expanded(
                text.trim().trim_matches(['"', '\'']),
                &Automatic::default(),
                given,
                0,
            )
        };
        match word {
            "ifdef" | "ifndef" => {
                let is_set = self.variables.contains_key(rest) || given.contains_key(rest);
                is_set == (word == "ifdef")
            }
            _ => {
                let inside = rest.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
                let sides = match inside {
                    Some(inside) => inside.split_once(','),
                    None => rest.split_once(' '),
                };
                sides.is_some_and(|(one, other)| (value(one) == value(other)) == (word == "ifeq"))
            }
        }
    }

    /// The targets whose own recipes may build something.
    pub(super) fn goals(&self, given: &BTreeMap<String, String>) -> Vec<String> {
        let mut goals = Vec::new();
        for rule in &self.rules {
            let builds = rule.recipe.iter().any(|(line, _)| {
                let line = self
                    .expanded(line, &Automatic::of(rule, None), given, 0)
                    .to_lowercase();
                line.contains("kustomize") || line.contains(" -k ") || line.contains("yq ")
            });
            let named = rule.targets.iter().filter(|name| !name.starts_with('.'));
            if builds {
                goals.extend(named.cloned());
            }
        }
        goals
    }

    /// The lines that make a target: those of what it needs come first.
    pub(super) fn recipe(
        &self,
        goal: &str,
        given: &BTreeMap<String, String>,
    ) -> Vec<(String, Span)> {
        let mut lines = Vec::new();
        self.gather(goal, given, &mut BTreeSet::new(), &mut lines);
        lines
    }

    /// Whether there is a rule for a target.
    pub(super) fn knows(&self, goal: &str) -> bool {
        self.rule_of(goal).is_some()
    }

    fn rule_of(&self, goal: &str) -> Option<(&Rule, Option<String>)> {
        let is_named = |rule: &&Rule| rule.targets.iter().any(|name| name == goal);
        let with_recipe = |rule: &&Rule| is_named(rule) && !rule.recipe.is_empty();
        let named = self.rules.iter().find(with_recipe);
        if let Some(rule) = named.or_else(|| self.rules.iter().find(is_named)) {
            return Some((rule, None));
        }
        self.rules.iter().find_map(|rule| {
            rule.targets.iter().find_map(|target| {
                let (before, behind) = target.split_once('%')?;
                let stem = goal.strip_prefix(before)?.strip_suffix(behind)?;
                Some((rule, Some(stem.to_owned())))
            })
        })
    }

    fn gather(
        &self,
        goal: &str,
        given: &BTreeMap<String, String>,
        done: &mut BTreeSet<String>,
        lines: &mut Vec<(String, Span)>,
    ) {
        if !done.insert(goal.to_owned()) || done.len() > 1000 {
            return;
        }
        let Some((rule, stem)) = self.rule_of(goal) else {
            return;
        };
        let own = self
            .rules
            .iter()
            .filter(|one| one.targets.iter().any(|name| name == goal));
        let needed: Vec<String> = own
            .flat_map(|one| one.prerequisites.iter().cloned())
            .collect();
        for name in needed {
            let name = match &stem {
                Some(stem) => name.replace('%', stem),
                None => name,
            };
            self.gather(&name, given, done, lines);
        }
        let automatic = Automatic {
            target: goal.to_owned(),
            ..Automatic::of(rule, stem)
        };
        for (line, at) in &rule.recipe {
            let line = self.expanded(line, &automatic, given, 0);
            let line = line.trim_start_matches(['@', '-', '+', ' ', '\t']);
            lines.push((line.to_owned(), *at));
        }
    }

    /// A text with make's variables and functions replaced.
    fn expanded(
        &self,
        text: &str,
        automatic: &Automatic,
        given: &BTreeMap<String, String>,
        depth: usize,
    ) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            result.push_str(before);
            if depth > DEEPEST || result.len() > LONGEST {
                break;
            }
            let Some(next) = behind.chars().next() else {
                result.push('$');
                rest = "";
                break;
            };
            if let Some(open) = ["(", "{"]
                .into_iter()
                .find(|open| behind.starts_with(*open))
                && let Some((inside, after)) = closed(behind, open)
            {
                result.push_str(&self.reference(&inside, automatic, given, depth + 1));
                rest = after;
                continue;
            }
            rest = behind.strip_prefix(next).unwrap_or_default();
            match next {
                '$' => result.push('$'),
                _ => {
                    result.push_str(&self.reference(&next.to_string(), automatic, given, depth + 1))
                }
            }
        }
        result + rest
    }

    /// What `$(…)` stands for.
    fn reference(
        &self,
        inside: &str,
        automatic: &Automatic,
        given: &BTreeMap<String, String>,
        depth: usize,
    ) -> String {
        let expanded = |text: &str| self.expanded(text, automatic, given, depth);
        if let Some((function, arguments)) = inside.split_once([' ', '\t'])
            && let Some(text) = self.function(function, arguments, automatic, given, depth)
        {
            return text;
        }
        // `$(LIST:.a=.b)`
        if let Some((name, change)) = inside.split_once(':')
            && let Some((from, to)) = change.split_once('=')
        {
            let list = self.reference(name, automatic, given, depth + 1);
            let words = list
                .split_whitespace()
                .map(|word| match word.strip_suffix(from) {
                    Some(stem) => format!("{stem}{to}"),
                    None => word.to_owned(),
                });
            return words.collect::<Vec<_>>().join(" ");
        }
        let name = expanded(inside);
        match name.as_str() {
            "@" => return automatic.target.clone(),
            "<" => return automatic.prerequisites.first().cloned().unwrap_or_default(),
            "^" | "+" => return automatic.prerequisites.join(" "),
            "*" => {
                return automatic
                    .stem
                    .clone()
                    .unwrap_or_else(|| format!("${{{STEM}}}"));
            }
            "MAKE" => return "make".to_owned(),
            "CURDIR" => return "${PWD}".to_owned(),
            "MAKEFILE_LIST" => return "Makefile".to_owned(),
            _ => {}
        }
        if let Some(value) = given.get(&name) {
            return value.clone();
        }
        match self.variables.get(&name) {
            Some(Variable { value, is_default }) => {
                let value = self.expanded(value, automatic, given, depth + 1);
                let is_word = |c: char| c.is_alphanumeric() || "._-/:".contains(c);
                match *is_default && value.chars().all(is_word) && is_name(&name) {
                    true => format!("${{{name}:-{value}}}"),
                    false => value,
                }
            }
            None if is_name(&name) => format!("${{{name}}}"),
            None => String::new(),
        }
    }

    fn function(
        &self,
        name: &str,
        arguments: &str,
        automatic: &Automatic,
        given: &BTreeMap<String, String>,
        depth: usize,
    ) -> Option<String> {
        let expanded = |text: &str| self.expanded(text.trim_start(), automatic, given, depth);
        let given_words = || -> Vec<String> {
            expanded(arguments)
                .split_whitespace()
                .map(str::to_owned)
                .collect()
        };
        let each = |change: &dyn Fn(&str) -> String| {
            let words: Vec<String> = given_words().iter().map(|word| change(word)).collect();
            words.join(" ")
        };
        let parts = |count: usize| -> Option<Vec<String>> {
            let parts: Vec<&str> = arguments.splitn(count, ',').collect();
            (parts.len() == count).then(|| parts.into_iter().map(expanded).collect())
        };
        Some(match name {
            "shell" => format!("$({})", expanded(arguments)),
            "strip" => each(&str::to_owned),
            "dir" => each(&|word| match word.rsplit_once('/') {
                Some((before, _)) => format!("{before}/"),
                None => "./".to_owned(),
            }),
            "notdir" => each(&|word| word.rsplit('/').next().unwrap_or(word).to_owned()),
            "abspath" | "realpath" => each(&str::to_owned),
            "firstword" => given_words().into_iter().next().unwrap_or_default(),
            "lastword" => given_words().pop().unwrap_or_default(),
            "sort" => {
                let words: BTreeSet<String> = given_words().into_iter().collect();
                words.into_iter().collect::<Vec<_>>().join(" ")
            }
            "subst" => {
                let parts = parts(3)?;
                match parts[0].is_empty() {
                    true => parts[2].clone(),
                    false => parts[2].replace(&parts[0], &parts[1]),
                }
            }
            "addprefix" | "addsuffix" => {
                let parts = parts(2)?;
                let words = parts[1].split_whitespace().map(|word| match name {
                    "addprefix" => format!("{}{word}", parts[0]),
                    _ => format!("{word}{}", parts[0]),
                });
                words.collect::<Vec<_>>().join(" ")
            }
            "foreach" => {
                let pieces: Vec<&str> = arguments.splitn(3, ',').collect();
                let [variable, list, text] = pieces[..] else {
                    return None;
                };
                let variable = variable.trim().to_owned();
                let list = expanded(list);
                let texts = list.split_whitespace().map(|word| {
                    let mut given = given.clone();
                    given.insert(variable.clone(), word.to_owned());
                    self.expanded(text, automatic, &given, depth)
                });
                texts.collect::<Vec<_>>().join(" ")
            }
            "wildcard" | "patsubst" | "filter" | "filter-out" | "if" | "or" | "and" | "call"
            | "word" | "words" | "findstring" | "basename" | "suffix" | "info" | "error"
            | "warning" | "eval" | "origin" | "value" | "file" => {
                format!("${{MAKE_{}}}", name.replace('-', "_"))
            }
            _ => return None,
        })
    }
}

/// The variables that make sets for a rule.
#[derive(Clone, Debug, Default)]
struct Automatic {
    target: String,
    prerequisites: Vec<String>,
    stem: Option<String>,
}

impl Automatic {
    fn of(rule: &Rule, stem: Option<String>) -> Self {
        Self {
            target: rule.targets.first().cloned().unwrap_or_default(),
            prerequisites: rule.prerequisites.clone(),
            stem,
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What stands in brackets at the start of a text, and what comes behind them.
fn closed<'t>(text: &'t str, open: &str) -> Option<(String, &'t str)> {
    let close = if open == "(" { ')' } else { '}' };
    let open = open.chars().next()?;
    let mut depth = 0_usize;
    for (index, character) in text.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                let (inside, rest) = text.split_at_checked(index)?;
                let inside = inside.strip_prefix(open)?;
                return Some((inside.to_owned(), rest.strip_prefix(close)?));
            }
        }
    }
    None
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

/// Lines, with those that end in a backslash joined to the next, and where each begins.
fn logical_lines(text: &str) -> Vec<(String, Span)> {
    let mut lines = Vec::new();
    let (mut byte, mut number) = (0_u32, 0_u32);
    let mut open: Option<(String, Span)> = None;
    for line in text.split('\n') {
        number += 1;
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let line_text = line.trim_end_matches('\r');
        let indent = u32::try_from(line_text.len() - line_text.trim_start().len()).unwrap_or(0);
        let (mut joined, at) = open.take().unwrap_or_else(|| {
            let at = Span {
                source: SourceId::NONE,
                start: byte + indent,
                end: byte + length,
                line: number,
                column: indent + 1,
            };
            (String::new(), at)
        });
        byte = byte.saturating_add(length).saturating_add(1);
        if !joined.is_empty() && !joined.ends_with(' ') {
            joined.push(' ');
        }
        let goes_on = line_text.strip_suffix('\\');
        joined.push_str(match joined.is_empty() {
            true => goes_on.unwrap_or(line_text),
            false => goes_on.unwrap_or(line_text).trim_start(),
        });
        match goes_on {
            Some(_) => open = Some((joined, at)),
            None => lines.push((joined, at)),
        }
    }
    lines.extend(open);
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::collections::BTreeMap;

    use super::Makefile;

    const TEXT: &str = "\
# How it is deployed.
ENV ?= testing
KUSTOMIZE := bin/kustomize
FLAGS = --enable-helm
ifeq ($(ENV),production)
FLAGS += --load-restrictor LoadRestrictionsNone
endif
.PHONY: render
render: configs ## Print
\t@$(KUSTOMIZE) build $(FLAGS) \\
\t  overlays/$(ENV) > out/$@.yaml
configs:
\tyq -i '.a = \"$$HOME\"' x.yaml
apply-%:
\tkubectl apply -k overlays/$*
list: ; ls $(UNSET)
";

    fn recipe(goal: &str, given: &[(&str, &str)]) -> Vec<String> {
        let given: BTreeMap<String, String> = given
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let makefile = Makefile::parse(TEXT, &given);
        let lines = makefile.recipe(goal, &given);
        lines.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn recipes_are_what_a_shell_gets() {
        assert_eq!(
            recipe("render", &[]),
            [
                "yq -i '.a = \"$HOME\"' x.yaml",
                "bin/kustomize build --enable-helm overlays/${ENV:-testing} > out/render.yaml",
            ]
        );
        assert_eq!(
            recipe("render", &[("ENV", "production")])[1],
            "bin/kustomize build --enable-helm --load-restrictor LoadRestrictionsNone overlays/production > out/render.yaml"
        );
        assert_eq!(
            recipe("apply-staging", &[]),
            ["kubectl apply -k overlays/staging"]
        );
        assert_eq!(
            recipe("apply-%", &[]),
            ["kubectl apply -k overlays/${MAKE_STEM}"]
        );
        assert_eq!(recipe("list", &[]), ["ls ${UNSET}"]);
    }

    #[test]
    fn goals_are_the_targets_that_build() {
        let makefile = Makefile::parse(TEXT, &BTreeMap::new());
        assert_eq!(
            makefile.goals(&BTreeMap::new()),
            ["render", "configs", "apply-%"]
        );
        let at = makefile.recipe("render", &BTreeMap::new())[1].1;
        assert_eq!((at.line, at.column), (10, 2));
    }

    #[test]
    fn what_goes_round_in_circles_ends() {
        let text =
            "A = $(B)\nB = $(A)\nx: y\n\techo $(A)\ny: x\n\techo $(foreach a,1 2,$(a)$(b))\n";
        let makefile = Makefile::parse(text, &BTreeMap::new());
        assert_eq!(makefile.recipe("x", &BTreeMap::new()).len(), 2);
    }
}
