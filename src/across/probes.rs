//! Ports that probes and handlers of a container name and that it has not.
//!
//! The kubelet looks a name up among the ports of the same container; one that is missing fails the
//! probe. Source: <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/>.

use super::{found, items, text};
use crate::dangling::{PORT, choice, pod_spec, shown};
use crate::finding::Finding;
use crate::resource::Resource;

const PROBES: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

pub(super) fn look(by: &Resource, into: &mut Vec<Finding>) {
    let Some(spec) = pod_spec(by) else { return };
    for list in ["initContainers", "containers"] {
        for container in items(spec, &[list]) {
            let ports = items(container, &["ports"]).iter();
            let known: Vec<&str> = ports.filter_map(|port| text(port, &["name"])).collect();
            for probe in PROBES {
                let probe_node = container.at(probe);
                for handler in ["httpGet", "tcpSocket"] {
                    let port = probe_node.and_then(|probe| probe.at(&[handler, "port"]));
                    let Some((port, name)) = port.and_then(|port| Some((port, port.text()?)))
                    else {
                        continue;
                    };
                    let is_name = name.bytes().any(|byte| byte.is_ascii_alphabetic());
                    if is_name && !known.contains(&name) {
                        let message = format!(
                            "`{}` of the container `{}` of {} asks for the port `{name}`, which \
                             the container has not",
                            probe.last().copied().unwrap_or_default(),
                            text(container, &["name"]).unwrap_or_default(),
                            shown(by)
                        );
                        let help = choice(name, &known);
                        let finding = Finding::warning(PORT, message).help(help);
                        into.push(found(finding, port, by));
                    }
                }
            }
        }
    }
}
