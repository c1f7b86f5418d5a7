//! Capabilities: what is added, and what is kept.

use kustom_validate::Value;

use super::{Places, Subject};

/// Capabilities that a runtime gives by itself.
const DEFAULT: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn items<'v>(container: &'v Value<'v>, list: &str) -> &'v [Value<'v>] {
    let capabilities = container.at(&["securityContext", "capabilities"]);
    capabilities.map_or(&[], |capabilities| capabilities.list(list))
}

fn added_but(subject: &Subject<'_>, allowed: &[&str], places: &mut Places) {
    subject.each_container(|container, path| {
        let list = path.field("securityContext.capabilities.add");
        for (index, item) in items(container, "add").iter().enumerate() {
            let name = item.as_text().unwrap_or_default();
            if !allowed.contains(&name) {
                let message = format!("the capability `{name}` may not be added");
                places.add(&list.index(index), item, message);
            }
        }
    });
}

/// Only default capabilities are added.
pub(super) fn added(subject: &Subject<'_>, places: &mut Places) {
    added_but(subject, DEFAULT, places);
}

/// All are dropped, and one may come back.
pub(super) fn kept(subject: &Subject<'_>, places: &mut Places) {
    subject.each_container(|container, path| {
        let mut dropped = items(container, "drop").iter();
        if !dropped.any(|item| item.as_text() == Some("ALL")) {
            let context = container.get("securityContext");
            let here = context.and_then(|it| it.get("capabilities")).or(context);
            places.add(
                &path.field("securityContext.capabilities.drop"),
                here.unwrap_or(container),
                "`ALL` is not dropped",
            );
        }
    });
    added_but(subject, &["NET_BIND_SERVICE"], places);
}

/// The same, of pods for Linux.
pub(super) fn kept_of_linux(subject: &Subject<'_>, places: &mut Places) {
    if !subject.is_windows() {
        kept(subject, places);
    }
}
