//! `update` and `merge`: set a value wherever a path leads.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Tag, Value, same_data};

use super::path::{Path, PathQuirk, Segment};
use super::report::CommandReport;
use super::value::{ValueFlags, inherit, is_block, put_on};
use super::walk::{PathAction, SoFar, walk};

/// How a value meets the one that was there.
pub(super) trait Assign {
    /// Puts the value in the place of `old`; says whether anything changed.
    fn assign(&mut self, old: &mut Node, is_new: bool, report: &mut CommandReport) -> Result<bool>;
}

/// Gives everything that `path` names a value, and makes what is missing on the way.
pub(super) fn update(
    root: &mut Node,
    path: &Path,
    value: &mut dyn Assign,
    report: &mut CommandReport,
) -> Result<()> {
    walk(root, path, path.segments(), &mut Put(value), report)
}

/// Puts a value where a path ends.
struct Put<'a>(&'a mut dyn Assign);

impl PathAction for Put<'_> {
    fn reach(&mut self, node: &mut Node, is_new: bool, so_far: &mut SoFar<'_>) -> Result<()> {
        let changed = self.0.assign(node, is_new, so_far.report)?;
        if !is_new {
            so_far.report.matched += 1;
            so_far.report.changed += usize::from(changed);
        }
        Ok(())
    }

    fn creates(&self) -> bool {
        true
    }

    fn is_everywhere(&self) -> bool {
        false
    }

    fn last(&self) -> Option<&Segment> {
        None
    }
}

/// The value of a statement of a script.
pub(super) struct Literal<'n>(pub(super) Option<&'n Node>);

impl Assign for Literal<'_> {
    fn assign(&mut self, old: &mut Node, is_new: bool, _: &mut CommandReport) -> Result<bool> {
        let Some(value) = self.0 else {
            if is_new {
                *old = Node::null();
                return Ok(true);
            }
            return Err(Error::new(Kind::Script, "the statement has no `value`")
                .help("write `value: null` to set it to null, or use the command `delete`"));
        };
        if same_data(old, value) {
            return Ok(false);
        }
        let mut new = value.clone();
        inherit(old, &mut new);
        if same_data(old, &new) {
            return Ok(false);
        }
        *old = new;
        Ok(true)
    }
}

/// What yq 3 makes of a comment behind a value that becomes a block of text: a part of the text.
/// Says whether there was one.
fn swallow_comment(value: &mut Node, report: &mut CommandReport) -> bool {
    let text = value.text().unwrap_or_default().to_owned();
    if !is_block(value) || text.is_empty() || text.ends_with('\n') {
        return false;
    }
    let Some(comment) = value.decor.as_mut().and_then(|decor| decor.line.take()) else {
        return false;
    };
    value.value = Value::Scalar(format!("{text}{comment}").into());
    report.quirks.push(PathQuirk {
        message: format!("the comment `{comment}` is now part of the text, as in yq 3"),
        help: Some("remove the comment before you write a block of text".to_owned()),
    });
    true
}

/// A value of the command line, or only a style and a tag for what is there.
pub(super) struct Typed<'a> {
    pub(super) value: Option<&'a Node>,
    pub(super) flags: &'a ValueFlags,
}

impl Assign for Typed<'_> {
    fn assign(&mut self, old: &mut Node, _: bool, report: &mut CommandReport) -> Result<bool> {
        let before = old.clone();
        match self.value {
            Some(value) => {
                let mut new = value.clone();
                inherit(old, &mut new);
                if swallow_comment(&mut new, report) {
                    // A value that stands where the old one stood has lost its comment.
                    new.span = old.span;
                }
                *old = new;
            }
            None if *self.flags == ValueFlags::default() => {}
            None => {
                if !old.is_scalar() {
                    // yq 3 gives a style to the text of a collection, which has none.
                    *old = Node::scalar("", Tag::Null);
                }
                put_on(old, self.flags);
            }
        }
        Ok(!same_data(&before, old) || before.style != old.style || before.decor != old.decor)
    }
}
