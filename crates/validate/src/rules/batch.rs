//! Jobs and cron jobs.

use std::collections::HashSet;

use super::Check::{Min, OneOf, Required, Word};
use super::{Cx, TypeRules};
use crate::names::{dns_label, domain_prefixed_path, label_key};
use crate::path::Path;
use crate::value::{Data, Value, repeated};

/// The most completions and parallel pods of an indexed job.
const MAX_INDEXED: i64 = 100_000;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "batch.v1.JobSpec",
        fields: &[
            ("parallelism", &[Min(0)]),
            ("completions", &[Min(0)]),
            ("backoffLimit", &[Min(0)]),
            ("activeDeadlineSeconds", &[Min(0)]),
            ("ttlSecondsAfterFinished", &[Min(0)]),
            ("backoffLimitPerIndex", &[Min(0)]),
            ("maxFailedIndexes", &[Min(0)]),
            ("completionMode", &[Word(&["Indexed", "NonIndexed"])]),
            (
                "podReplacementPolicy",
                &[Word(&["Failed", "TerminatingOrFailed"])],
            ),
            ("template", &[]),
            ("selector", &[]),
        ],
        whole: &[job, indexed, failure_policy, success_policy],
    },
    TypeRules {
        of: "batch.v1.PodFailurePolicyRule",
        fields: &[(
            "action",
            &[
                Required,
                OneOf(&["Count", "FailIndex", "FailJob", "Ignore"]),
            ],
        )],
        whole: &[],
    },
    TypeRules {
        of: "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        fields: &[
            ("operator", &[Required, OneOf(&["In", "NotIn"])]),
            ("values", &[]),
        ],
        whole: &[exit_codes],
    },
    TypeRules {
        of: "batch.v1.PodFailurePolicyOnPodConditionsPattern",
        fields: &[
            ("type", &[super::AlwaysIs(label_key)]),
            ("status", &[OneOf(&["False", "True", "Unknown"])]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "batch.v1.CronJobSpec",
        fields: &[
            ("schedule", &[Required, super::Is(crate::cron::schedule)]),
            ("startingDeadlineSeconds", &[Min(0)]),
            (
                "concurrencyPolicy",
                &[OneOf(&["Allow", "Forbid", "Replace"])],
            ),
            ("successfulJobsHistoryLimit", &[Min(0)]),
            ("failedJobsHistoryLimit", &[Min(0)]),
            ("jobTemplate", &[]),
        ],
        whole: &[cron_job],
    },
];

fn job(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    if let Some(found) = value.get("managedBy") {
        let text = found.as_text().unwrap_or_default();
        let here = path.field("managedBy");
        if let Err(message) = domain_prefixed_path(text) {
            cx.findings
                .invalid(&here, found, format!("`{text}` {message}"));
        }
        if text.len() > 63 {
            cx.findings.add(
                "too-long-value",
                &here,
                found.origin,
                "the text is longer than 63 bytes",
            );
        }
    }
    let template = value.get("template");
    let labels = template.and_then(|template| template.at(&["metadata", "labels"]));
    let in_job = cx.is_a("Job");
    if value.is_true("manualSelector") {
        match value.get("selector") {
            None if in_job => cx.findings.required(
                &path.field("selector"),
                value,
                "`manualSelector` needs a `selector`",
            ),
            Some(selector) => super::labels::template_is_selected(cx, path, value, |labels| {
                super::labels::selects(selector, labels)
            }),
            None => {}
        }
        if !in_job {
            cx.findings.not_supported(
                &path.field("manualSelector"),
                at("manualSelector"),
                &["false"],
            );
        }
    } else if let Some(selector) = value.get("selector").filter(|found| {
        // An empty one is filled by the server.
        !in_job || found.entries().iter().any(|entry| !entry.value.is_zero())
    }) {
        if in_job {
            cx.findings.invalid(
                &path.field("selector"),
                selector,
                "a selector of one's own needs `manualSelector: true`",
            );
        } else {
            cx.findings.invalid(
                &path.field("selector"),
                selector,
                "the selector is made for each job",
            );
        }
    }
    if in_job && !value.is_true("manualSelector") {
        generated_labels(cx, path, labels);
    }
    let Some(spec) = value.at(&["template", "spec"]) else {
        cx.findings.required(
            &path.field("template.spec.containers"),
            template.unwrap_or(value),
            "the template has no containers",
        );
        return;
    };
    let here = path.field("template.spec.restartPolicy");
    match spec.text("restartPolicy") {
        "OnFailure" | "Never" => {}
        "" => cx
            .findings
            .required(&here, spec, "a job says `OnFailure` or `Never`"),
        "Always" => cx.findings.required(
            &here,
            spec.get("restartPolicy").unwrap_or(spec),
            "a job says `OnFailure` or `Never`",
        ),
        _ => cx.findings.not_supported(
            &here,
            spec.get("restartPolicy").unwrap_or(spec),
            &["OnFailure", "Never"],
        ),
    }
}

/// Labels that the server itself gives to the pods of a job.
fn generated_labels(cx: &mut Cx<'_>, path: &Path<'_>, labels: Option<&Value<'_>>) {
    let name = cx.name();
    let here = path.field("template.metadata.labels");
    for (key, wanted) in [
        ("batch.kubernetes.io/controller-uid", None),
        ("controller-uid", None),
        ("batch.kubernetes.io/job-name", Some(&*name)),
        ("job-name", Some(&*name)),
    ] {
        let Some(found) = labels.and_then(|labels| labels.get(key)) else {
            continue;
        };
        if wanted.is_none()
            || wanted.is_some_and(|wanted| !wanted.is_empty() && found.as_text() != Some(wanted))
        {
            cx.findings
                .invalid(&here.key(key), found, "the server sets this label itself");
        }
    }
}

fn indexed(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    let is_indexed = value.text("completionMode") == "Indexed";
    if is_indexed {
        let completions = value.int("completions");
        match completions {
            None => cx.findings.required(
                &path.field("completions"),
                value,
                "an indexed job says how many there are",
            ),
            Some(number) => {
                if value.int("parallelism").unwrap_or(1) > MAX_INDEXED {
                    cx.findings.invalid(
                        &path.field("parallelism"),
                        at("parallelism"),
                        format!("{MAX_INDEXED} is the most"),
                    );
                }
                let failed = value.int("maxFailedIndexes").unwrap_or(0);
                if failed > number || failed > MAX_INDEXED {
                    cx.findings.invalid(
                        &path.field("maxFailedIndexes"),
                        at("maxFailedIndexes"),
                        "there are fewer indexes than that",
                    );
                }
                let name = cx.name();
                // The last pod has the greatest index behind its name.
                let host = format!("{name}-{}", (number - 1).max(0));
                if cx.is_a("Job") && !name.is_empty() && number > 0 && dns_label(&host).is_err() {
                    cx.bad_name(format!(
                        "a pod would be named `{host}`, which is no DNS label"
                    ));
                }
            }
        }
        return;
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if let Some(found) = value.get(field) {
            cx.findings
                .invalid(&path.field(field), found, "only an indexed job has it");
        }
    }
    if let Some(found) = value.get("successPolicy") {
        cx.findings.invalid(
            &path.field("successPolicy"),
            found,
            "only an indexed job has it",
        );
    }
}

fn failure_policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let per_index = value.has("backoffLimitPerIndex");
    if !per_index
        && value.text("completionMode") == "Indexed"
        && let Some(found) = value.get("maxFailedIndexes")
    {
        cx.findings.required(
            &path.field("backoffLimitPerIndex"),
            found,
            "`maxFailedIndexes` needs it",
        );
    }
    let Some(policy) = value.get("podFailurePolicy") else {
        return;
    };
    if let Some(found) = value.get("podReplacementPolicy")
        && found.as_text() == Some("TerminatingOrFailed")
    {
        cx.findings
            .not_supported(&path.field("podReplacementPolicy"), found, &["Failed"]);
    }
    let here = path.field("podFailurePolicy");
    let spec = value.at(&["template", "spec"]);
    if let Some(restart) = spec.and_then(|spec| spec.get("restartPolicy"))
        && restart.as_text() != Some("Never")
    {
        cx.findings.invalid(
            &path.field("template.spec.restartPolicy"),
            restart,
            "with a `podFailurePolicy` it can only be `Never`",
        );
    }
    let containers: HashSet<&str> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| spec.map_or(&[][..], |spec| spec.list(list)))
        .map(|container| container.text("name"))
        .collect();
    let rules = policy.list("rules");
    let list = here.field("rules");
    if rules.len() > 20 {
        cx.findings.add(
            "too-many-items",
            &list,
            policy.origin,
            "there are at most 20 rules",
        );
    }
    for (index, rule) in rules.iter().enumerate() {
        let here = list.index(index);
        let (codes, conditions) = (rule.get("onExitCodes"), rule.list("onPodConditions"));
        if conditions.len() > 20 {
            cx.findings.add(
                "too-many-items",
                &here.field("onPodConditions"),
                rule.origin,
                "there are at most 20 conditions",
            );
        }
        if codes.is_some() && !conditions.is_empty() {
            cx.findings.invalid(
                &here,
                rule,
                "`onExitCodes` and `onPodConditions` exclude each other",
            );
        } else if codes.is_none() && conditions.is_empty() {
            cx.findings.invalid(
                &here,
                rule,
                "`onExitCodes` or `onPodConditions` is required",
            );
        }
        if rule.text("action") == "FailIndex" && !per_index {
            let origin = rule.get("action").unwrap_or(rule);
            cx.findings.invalid(
                &here.field("action"),
                origin,
                "`FailIndex` needs `backoffLimitPerIndex`",
            );
        }
        if let Some(name) = codes.and_then(|codes| codes.get("containerName"))
            && !containers.contains(name.as_text().unwrap_or_default())
        {
            let text = name.as_text().unwrap_or_default().to_owned();
            cx.findings.invalid(
                &here.field("onExitCodes.containerName"),
                name,
                format!("the template has no container `{text}`"),
            );
        }
    }
}

fn exit_codes(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("values");
    let values = value.list("values");
    let numbers: Vec<i64> = values.iter().filter_map(Value::as_int).collect();
    let list = value.get("values").unwrap_or(value);
    if values.is_empty() {
        cx.findings
            .invalid(&here, list, "at least one code is required");
    } else if values.len() > 255 {
        cx.findings.add(
            "too-many-items",
            &here,
            list.origin,
            "there are at most 255 codes",
        );
    }
    if numbers.windows(2).any(|pair| pair[0] > pair[1]) {
        cx.findings
            .invalid(&here, list, "the codes must be in order");
    }
    let repeated = repeated(values);
    for (index, item) in values.iter().enumerate() {
        if repeated[index] {
            cx.findings.duplicate(
                &here.index(index),
                item,
                &item.as_int().unwrap_or(0).to_string(),
            );
        }
        if item.data == Data::Int(0) && value.text("operator") == "In" {
            cx.findings
                .invalid(&here.index(index), item, "0 is success, and no failure");
        }
    }
}

fn success_policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(policy) = value.get("successPolicy") else {
        return;
    };
    let list = path.field("successPolicy.rules");
    let rules = policy.list("rules");
    if rules.is_empty() {
        cx.findings
            .required(&list, policy, "at least one rule is required");
    }
    if rules.len() > 20 {
        cx.findings.add(
            "too-many-items",
            &list,
            policy.origin,
            "there are at most 20 rules",
        );
    }
    let completions = value.int("completions").unwrap_or(0);
    for (index, rule) in rules.iter().enumerate() {
        let here = list.index(index);
        if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
            cx.findings.required(
                &here,
                rule,
                "`succeededCount` or `succeededIndexes` is required",
            );
        }
        let mut total = None;
        if let Some(found) = rule.get("succeededIndexes") {
            match indexes(found.as_text().unwrap_or_default(), completions) {
                Ok(count) => total = Some(count),
                Err(message) => {
                    cx.findings
                        .invalid(&here.field("succeededIndexes"), found, message)
                }
            }
        }
        if let Some(found) = rule.get("succeededCount") {
            let here = here.field("succeededCount");
            cx.check(&[Min(0)], &here, Some(found), rule);
            let number = found.as_int().unwrap_or(0);
            if number > completions {
                cx.findings.invalid(
                    &here,
                    found,
                    format!("the job has only {completions} indexes"),
                );
            } else if total.is_some_and(|total| number > total) {
                cx.findings.invalid(
                    &here,
                    found,
                    "there are fewer indexes in `succeededIndexes`",
                );
            }
        }
    }
}

/// How many indexes `0-3,5` names; they rise, and stay below the number of completions.
fn indexes(text: &str, completions: i64) -> Result<i64, String> {
    let mut last = -1;
    let mut count = 0;
    for part in text.split(',') {
        let (first, end) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| {
            text.parse::<i64>()
                .map_err(|_| format!("`{part}` is no index, and no range of such"))
        };
        let (first, end) = (number(first)?, number(end)?);
        if first <= last || end < first {
            return Err(format!(
                "`{part}` is not greater than what stands before it"
            ));
        }
        if end >= completions {
            return Err(format!("{end} is not less than the number of completions"));
        }
        count += end - first + 1;
        last = end;
    }
    Ok(count)
}

/// The name of a cron job leaves room for the time that its jobs are named by.
const CRON_JOB_NAME: usize = 52;

fn cron_job(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if cx.name().len() > CRON_JOB_NAME {
        cx.bad_name(format!(
            "a cron job's name has at most {CRON_JOB_NAME} characters"
        ));
    }
    let schedule = value.text("schedule");
    if let Some(found) = value.get("schedule")
        && schedule.contains("TZ")
    {
        cx.findings.invalid(
            &path.field("schedule"),
            found,
            "the time zone belongs into `timeZone`",
        );
    }
    if let Some(zone) = value.get("timeZone") {
        let text = zone.as_text().unwrap_or_default();
        let here = path.field("timeZone");
        if text.is_empty() {
            cx.findings
                .invalid(&here, zone, "the field must not be empty");
        } else if text.eq_ignore_ascii_case("local") {
            cx.findings
                .invalid(&here, zone, "`Local` is no zone that all servers agree on");
        } else if !crate::time::is_time_zone(text) {
            cx.findings.invalid(
                &here,
                zone,
                format!("`{text}` is no time zone, such as `Europe/Berlin`"),
            );
        }
    }
}
