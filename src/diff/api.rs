//! Semantics of API fields: whether the order of a list counts, and whether a text is a quantity or
//! a port.
//!
//! `api.tsv` is the table that decides; nothing is known of kinds that are not in it, so that all
//! their lists are ordered and all their texts are texts.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// The table; its head says what its columns are and where it comes from.
const TABLE: &str = include_str!("api.tsv");

static API: LazyLock<Api> = LazyLock::new(|| Api::read(TABLE));

#[derive(Debug, Default)]
struct Api {
    /// The type of each apiVersion and kind; empty if nothing in it is special.
    kinds: FxHashMap<(&'static str, &'static str), &'static str>,
    types: FxHashMap<&'static str, FxHashMap<&'static str, Meaning>>,
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Its kind is not in the table.
    Unknown,
    /// It is a field of the API that means what it says.
    Plain,
    /// It may hold anything, and is read by another program.
    Free,
    /// An object of a type.
    Object(&'static str),
    /// An object with any keys, and values of a type.
    Fields(&'static str),
    /// An object of quantities.
    Quantities,
    /// A list, and the type of its items.
    List(Order, &'static str),
    /// An amount: `1Gi` is `1024Mi`.
    Quantity,
    /// A port by its number or its name: `80` is `"80"`.
    Port,
}

/// What the order of a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It counts.
    Counts,
    /// It means nothing: the items are told apart by these keys.
    Keys(Keys),
    /// It means nothing: the items are told apart by what they are.
    Set,
}

/// The keys of a list, separated by blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys(&'static str);

impl Keys {
    pub(super) fn iter(self) -> impl Iterator<Item = &'static str> {
        self.0.split(' ')
    }
}

impl Meaning {
    /// What is known of an object.
    pub(super) fn of_kind(api_version: &str, kind: &str) -> Self {
        match API.kinds.get(&(api_version, kind)) {
            Some(&"") => Self::Plain,
            Some(name) => Self::Object(name),
            None => Self::Unknown,
        }
    }

    /// What is known of a field.
    pub(super) fn field(self, name: &str) -> Self {
        match self {
            Self::Object(of) => {
                let fields = API.types.get(of);
                let known = fields.and_then(|fields| fields.get(name));
                known.copied().unwrap_or(Self::Plain)
            }
            Self::Fields(of) => Self::object(of),
            Self::Quantities => Self::Quantity,
            Self::Unknown | Self::Free => self,
            Self::Plain | Self::List(..) | Self::Quantity | Self::Port => Self::Plain,
        }
    }

    /// What is known of an item.
    pub(super) fn item(self) -> Self {
        match self {
            Self::List(_, of) => Self::object(of),
            Self::Unknown | Self::Free => self,
            _ => Self::Plain,
        }
    }

    /// What the order of its items means.
    pub(super) fn order(self) -> Order {
        match self {
            Self::List(order, _) => order,
            _ => Order::Counts,
        }
    }

    /// Whether a field of it that is null is as good as absent: so the API reads its own fields,
    /// but not keys that users choose.
    pub(super) fn drops_null(self) -> bool {
        matches!(self, Self::Plain | Self::Object(_))
    }

    fn object(of: &'static str) -> Self {
        if of.is_empty() {
            Self::Plain
        } else {
            Self::Object(of)
        }
    }

    fn read(how: &'static str, of: &'static str) -> Option<Self> {
        Some(match how {
            "object" => Self::object(of),
            "fields" => Self::Fields(of),
            "list" => Self::List(Order::Counts, of),
            "set" => Self::List(Order::Set, of),
            "quantity" => Self::Quantity,
            "quantities" => Self::Quantities,
            "port" => Self::Port,
            "texts" | "any" => Self::Free,
            _ => Self::List(Order::Keys(Keys(how.strip_prefix("map ")?)), of),
        })
    }
}

impl Api {
    fn read(table: &'static str) -> Self {
        let mut api = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let mut next = || cells.next().unwrap_or_default();
            let [first, second, third, fourth] = [next(), next(), next(), next()];
            if first == "kind" {
                api.kinds.insert((second, third), fourth);
            } else if let Some(meaning) = Meaning::read(third, fourth) {
                api.types.entry(first).or_default().insert(second, meaning);
            }
        }
        api
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(api_version: &str, kind: &str, path: &str) -> Meaning {
        let start = Meaning::of_kind(api_version, kind);
        path.split('.').fold(start, |found, step| match step {
            "[]" => found.item(),
            name => found.field(name),
        })
    }

    #[test]
    fn every_line_of_the_table_is_read_and_leads_somewhere() {
        let mut count = 0;
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let of = match cells[0] {
                "kind" => cells[3],
                _ => {
                    assert!(Meaning::read(cells[2], "").is_some(), "{line}");
                    cells[3]
                }
            };
            assert!(of.is_empty() || API.types.contains_key(of), "{line}");
            count += 1;
        }
        assert!(count > 1000, "{count}");
    }

    #[test]
    fn the_order_of_a_list_means_nothing_only_where_the_api_says_so() {
        let pod = "spec.template.spec";
        let keys = |keys| Order::Keys(Keys(keys));
        for (path, wanted) in [
            (format!("{pod}.containers"), keys("name")),
            (format!("{pod}.volumes"), keys("name")),
            (
                format!("{pod}.containers.[].ports"),
                keys("containerPort protocol"),
            ),
            (
                format!("{pod}.containers.[].volumeMounts"),
                keys("mountPath"),
            ),
            (format!("{pod}.initContainers"), Order::Counts),
            (format!("{pod}.containers.[].env"), Order::Counts),
            (format!("{pod}.containers.[].envFrom"), Order::Counts),
            (format!("{pod}.initContainers.[].env"), Order::Counts),
            (format!("{pod}.containers.[].args"), Order::Counts),
            (format!("{pod}.tolerations"), Order::Counts),
            ("metadata.finalizers".to_owned(), Order::Set),
            ("metadata.ownerReferences".to_owned(), keys("uid")),
        ] {
            assert_eq!(at("apps/v1", "Deployment", &path).order(), wanted, "{path}");
        }
        let policy = "admissionregistration.k8s.io/v1";
        for (kind, path, wanted) in [
            ("ValidatingAdmissionPolicy", "spec.variables", Order::Counts),
            (
                "ValidatingAdmissionPolicy",
                "spec.matchConditions",
                keys("name"),
            ),
            ("MutatingWebhookConfiguration", "webhooks", Order::Counts),
            ("ValidatingWebhookConfiguration", "webhooks", keys("name")),
        ] {
            assert_eq!(at(policy, kind, path).order(), wanted, "{kind} {path}");
        }
        let rbac = "rbac.authorization.k8s.io/v1";
        assert_eq!(at(rbac, "ClusterRole", "rules").order(), Order::Counts);
        assert_eq!(
            at("example.com/v1", "Pod", "spec.containers").order(),
            Order::Counts
        );
    }

    #[test]
    fn quantities_ports_and_what_is_free_are_known_by_their_types() {
        let container = "spec.containers.[]";
        let pod = |path: &str| at("v1", "Pod", &format!("{container}.{path}"));
        assert_eq!(pod("resources.limits.memory"), Meaning::Quantity);
        assert_eq!(pod("livenessProbe.httpGet.port"), Meaning::Port);
        assert_eq!(pod("ports.[].containerPort"), Meaning::Plain);
        let service = |path: &str| at("v1", "Service", &format!("spec.ports.[].{path}"));
        assert_eq!(service("targetPort"), Meaning::Port);
        assert_eq!(service("port"), Meaning::Plain);
        assert_eq!(service("nodePort"), Meaning::Plain);
        assert_eq!(at("v1", "ConfigMap", "data"), Meaning::Free);
        assert_eq!(at("v1", "ConfigMap", "data.memory"), Meaning::Free);
        let surge = at(
            "apps/v1",
            "Deployment",
            "spec.strategy.rollingUpdate.maxSurge",
        );
        assert_eq!(surge, Meaning::Plain);
        assert_eq!(at("example.com/v1", "Thing", "spec.port"), Meaning::Unknown);
    }
}
