//! `update` and `merge`: set a value wherever a path leads.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Decor, Node, Value, same_data};

use super::path::{Path, Segment};
use super::report::CommandReport;
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

/// Gives a new value the anchor of the old one, to which aliases may refer, and its comments.
pub(super) fn inherit(old: &Node, new: &mut Node) {
    let Some(old) = old.decor.as_deref() else {
        return;
    };
    let own = new.decor_mut();
    for (own, old) in [
        (&mut own.head, &old.head),
        (&mut own.line, &old.line),
        (&mut own.foot, &old.foot),
    ] {
        if own.is_none() {
            own.clone_from(old);
        }
    }
    if own.anchor.is_none() {
        own.anchor.clone_from(&old.anchor);
    }
    if matches!(new.value, Value::Alias(_)) {
        new.decor_mut().anchor = None;
    }
    if new.decor.as_deref() == Some(&Decor::default()) {
        new.decor = None;
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
