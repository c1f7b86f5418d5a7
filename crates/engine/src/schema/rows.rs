//! The rows of the built-in tables, and functions that make them.

/// The row of the tables for an apiVersion and kind.
pub(super) struct KindRow {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    /// Whether its objects live outside of namespaces, if that is known.
    pub(super) is_cluster_scoped: Option<bool>,
    pub(super) row: Option<u16>,
}

/// A definition. Scalars, and lists that are replaced, have no content.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) first_field: u16,
    pub(super) fields: u16,
    pub(super) additional: Option<u16>,
    pub(super) item: Option<u16>,
    pub(super) keys: Option<u8>,
}

impl KindRow {
    const fn new(
        api_version: &'static str,
        kind: &'static str,
        is_cluster_scoped: Option<bool>,
        row: Option<u16>,
    ) -> Self {
        Self {
            api_version,
            kind,
            is_cluster_scoped,
            row,
        }
    }
}

/// A kind whose objects live in a namespace.
pub(super) const fn namespaced(
    api_version: &'static str,
    kind: &'static str,
    row: Option<u16>,
) -> KindRow {
    KindRow::new(api_version, kind, Some(false), row)
}

/// A kind whose objects live outside of namespaces.
pub(super) const fn cluster(
    api_version: &'static str,
    kind: &'static str,
    row: Option<u16>,
) -> KindRow {
    KindRow::new(api_version, kind, Some(true), row)
}

/// A kind that has no path of its own in the API.
pub(super) const fn unscoped(
    api_version: &'static str,
    kind: &'static str,
    row: Option<u16>,
) -> KindRow {
    KindRow::new(api_version, kind, None, row)
}

/// A definition that others refer to by its name.
pub(super) const fn named(name: &'static str, first_field: u16, fields: u16) -> Row {
    Row {
        name,
        first_field,
        fields,
        ..scalar()
    }
}

/// A mapping from any name.
pub(super) const fn map(additional: u16) -> Row {
    Row {
        additional: Some(additional),
        ..scalar()
    }
}

/// A list that merges.
pub(super) const fn list(item: Option<u16>, keys: u8) -> Row {
    Row {
        item,
        keys: Some(keys),
        ..scalar()
    }
}

/// A definition without content.
pub(super) const fn scalar() -> Row {
    Row {
        name: "",
        first_field: 0,
        fields: 0,
        additional: None,
        item: None,
        keys: None,
    }
}
