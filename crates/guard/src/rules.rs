//! The formats of issuers' tokens, as a table.
//!
//! An issuer that marks its tokens wants them found: a prefix, a length, an alphabet. A row is tried
//! only where one of its keywords stands, so that a text without any costs one pass of the
//! automaton. What has no mark of its own is left to the names of values.

/// One format.
pub(super) struct Rule {
    /// The rule's name in findings and allow-lists.
    pub(super) id: &'static str,
    /// What must stand in the text, in lower case.
    pub(super) keywords: &'static [&'static str],
    /// How many bytes before its keyword a token may begin; at 0 it begins with the keyword.
    pub(super) before: usize,
    /// How many letters and digits a token that begins with its keyword has before any other sign;
    /// said of keywords that many words begin with, so that no expression is compiled for those.
    pub(super) letters: usize,
    /// The token; its first group if it has one.
    pub(super) expression: &'static str,
    /// What the token must be beside, so that samples are left alone.
    pub(super) test: Test,
}

/// What must hold of a match.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Test {
    /// More bits of entropy per byte than this.
    Entropy(f32),
    /// It is a password, not a word or a placeholder.
    Password,
}

const fn prefixed(
    id: &'static str,
    keywords: &'static [&'static str],
    expression: &'static str,
) -> Rule {
    Rule {
        id,
        keywords,
        before: 0,
        letters: 0,
        expression,
        test: Test::Entropy(3.0),
    }
}

const fn within(
    id: &'static str,
    keywords: &'static [&'static str],
    before: usize,
    expression: &'static str,
) -> Rule {
    Rule {
        id,
        keywords,
        before,
        letters: 0,
        expression,
        test: Test::Entropy(3.0),
    }
}

impl Rule {
    /// Whether a text may begin with a token that begins with its keyword: most keywords are in
    /// lower case what the expression begins with, and stand in the text in any case.
    pub(super) fn opens(&self, text: &[u8]) -> bool {
        let expression = self.expression.as_bytes();
        // Another alternative, or a repetition, may begin otherwise.
        let is_plain = |keyword: &str| {
            let next = expression.get(keyword.len());
            keyword
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                && !next.is_some_and(|next| b"?*+{".contains(next))
                && !expression.contains(&b'|')
        };
        self.keywords.iter().any(|keyword| {
            let (found, wanted) = (text.get(..keyword.len()), expression.get(..keyword.len()));
            let is = |bytes: Option<&[u8]>| {
                bytes.is_some_and(|bytes| bytes.eq_ignore_ascii_case(keyword.as_bytes()))
            };
            is(found) && (!is(wanted) || !is_plain(keyword) || found == wanted)
        })
    }

    /// The same, of a token that begins with so many letters and digits.
    const fn beginning_with(mut self, letters: usize) -> Self {
        self.letters = letters;
        self
    }
}

/// A password that is known by what stands around it.
const fn beside(
    id: &'static str,
    keywords: &'static [&'static str],
    before: usize,
    expression: &'static str,
) -> Rule {
    Rule {
        id,
        keywords,
        before,
        letters: 0,
        expression,
        test: Test::Password,
    }
}

const fn command(
    id: &'static str,
    keywords: &'static [&'static str],
    expression: &'static str,
) -> Rule {
    Rule {
        id,
        keywords,
        before: 0,
        letters: 0,
        expression,
        test: Test::Password,
    }
}

/// All formats, by issuer; commands that take a password come last.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // 1Password: service accounts carry JSON in base64; the secret key is eight groups.
    prefixed("1password-service-account-token", &["ops_eyj"], r"ops_eyJ[A-Za-z0-9+/_-]{200,}={0,3}"),
    prefixed("1password-secret-key", &["a3-"], r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),
    // Adobe.
    prefixed("adobe-client-secret", &["p8e-"], r"p8e-[A-Za-z0-9]{32}"),
    // age: the private half; `age1…` is the public one.
    prefixed("age-secret-key", &["age-secret-key-1", "age-secret-key-pq-1"], r"AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    // Airtable.
    prefixed("airtable-pat", &["pat"], r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}").beginning_with(17),
    // Aiven and the databases of DigitalOcean.
    prefixed("aiven-password", &["avns_"], r"AVNS_[A-Za-z0-9_-]{19}"),
    // Alibaba Cloud.
    prefixed("alibaba-access-key-id", &["ltai"], r"LTAI[A-Za-z0-9]{20}"),
    // Anthropic.
    prefixed("anthropic-api-key", &["sk-ant-api", "sk-ant-admin", "sk-ant-oat"], r"sk-ant-(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{80,}"),
    // Apify.
    prefixed("apify-api-token", &["apify_api_"], r"apify_api_[A-Za-z0-9]{36}"),
    // Artifactory: API keys and reference tokens (the latter are the base64 of `reftkn`).
    prefixed("artifactory-api-key", &["akcp"], r"AKCp[A-Za-z0-9]{69}"),
    prefixed("artifactory-reference-token", &["cmvmd"], r"cmVmd[A-Za-z0-9]{59}"),
    // Atlassian: accounts, Bitbucket.
    prefixed("atlassian-api-token", &["atatt3", "atctt3", "atcstt3"], r"AT(?:ATT|CTT|CSTT)3[A-Za-z0-9_=-]{150,}"),
    prefixed("bitbucket-app-password", &["atbb"], r"ATBB[A-Za-z0-9]{24,32}[A-F0-9]{4,8}"),
    // AWS: access key ids in base 32, Bedrock keys long and short.
    prefixed("aws-access-token", &["akia", "asia", "abia", "acca"], r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    prefixed("aws-bedrock-api-key", &["absk"], r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
    prefixed("aws-bedrock-api-key", &["bedrock-api-key-"], r"bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=_-]*"),
    // Axiom.
    prefixed("axiom-token", &["xaat-", "xapt-"], r"xa(?:at|pt)-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"),
    // Azure: client secrets are marked in the middle, storage and service bus keys by their name; keys since 2022
    // carry a mark of their service, those since 2024 one that is common to all.
    within("azure-common-annotated-key", &["jqqj9"], 52, r"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}(?:[A-Za-z0-9]{2}==)?"),
    within("azure-devops-pat", &["azdo"], 76, r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
    within("azure-annotated-key", &["+ast", "acdb"], 76, r"[A-Za-z0-9/+]{76}(?:\+ASt|ACDb)[A-Za-z0-9/+]{5}[AQgw]=="),
    within("azure-annotated-key", &["azfu"], 44, r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
    within("azure-annotated-key", &["azse"], 42, r"[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}"),
    within("azure-annotated-key", &["+acr"], 42, r"[A-Za-z0-9/+]{42}\+ACR[A-D][A-Za-z0-9]{5}"),
    within("azure-annotated-key", &["azca"], 33, r"[A-Za-z0-9]{33}AzCa[A-P][A-Za-z0-9]{5}="),
    within("azure-annotated-key", &["aiot", "+asb", "+aeh", "+arm"], 33, r"[A-Za-z0-9/+]{33}(?:AIoT|\+ASb|\+AEh|\+ARm)[A-P][A-Za-z0-9/+]{5}="),
    within("azure-ad-client-secret", &["q~"], 4, r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    prefixed("azure-storage-key", &["accountkey="], r"(?i:AccountKey)=([A-Za-z0-9+/]{86}==)"),
    prefixed("azure-shared-access-key", &["sharedaccesskey="], r"(?i:SharedAccessKey)=([A-Za-z0-9+/]{43}=)"),
    prefixed("azure-sas-signature", &["sig="], r"sig=([A-Za-z0-9%]{43,63}%3[Dd])"),
    // Buildkite, CircleCI.
    prefixed("buildkite-token", &["bkua_"], r"bkua_[a-f0-9]{40}"),
    prefixed("circleci-token", &["ccipat_", "cciprj_"], r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[A-Fa-f0-9]{40}"),
    // Cerebras.
    prefixed("cerebras-api-key", &["csk-"], r"csk-[a-z0-9]{48}"),
    // ClickHouse Cloud.
    prefixed("clickhouse-cloud-api-secret-key", &["4b1d"], r"4b1d[A-Za-z0-9]{38}"),
    // Clojars.
    prefixed("clojars-token", &["clojars_"], r"CLOJARS_[A-Za-z0-9]{60}"),
    // Cloudflare: the key of the origin CA; since 2026 global keys, tokens of users and accounts, with a checksum.
    prefixed("cloudflare-api-token", &["cfk_", "cfut_", "cfat_"], r"cf(?:k|ut|at)_[A-Za-z0-9]{40}[a-f0-9]{8}"),
    prefixed("cloudflare-origin-ca-key", &["v1.0-"], r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    // CockroachDB Cloud, Confluent Cloud.
    prefixed("cockroachdb-api-key", &["ccdb1_"], r"CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}"),
    prefixed("confluent-secret", &["cflt"], r"cflt[A-Za-z0-9+/]{60}"),
    // Contentful.
    prefixed("contentful-token", &["cfpat-"], r"CFPAT-[A-Za-z0-9_-]{43}"),
    // crates.io.
    prefixed("crates-io-token", &["cio"], r"cio[A-Za-z0-9]{32}"),
    // Databricks.
    prefixed("databricks-api-token", &["dapi"], r"dapi[a-f0-9]{32}(?:-\d)?"),
    // Datadog: application keys and personal tokens since 2025.
    prefixed("datadog-key", &["ddapp_", "ddpat_"], r"dd(?:app|pat)_[A-Za-z0-9]{34,64}"),
    // DeepSeek and others that kept the shape of OpenAI's first keys.
    prefixed("sk-api-key", &["sk-"], r"sk-[a-f0-9]{32}"),
    // DigitalOcean: access, OAuth, refresh.
    prefixed("digitalocean-token", &["dop_v1_", "doo_v1_", "dor_v1_"], r"do[opr]_v1_[a-f0-9]{64}"),
    // Discord.
    prefixed("discord-webhook", &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"], r"(?i:discord(?:app)?\.com)/api/webhooks/\d{15,22}/([A-Za-z0-9_-]{60,80})"),
    // Docker Hub: personal and organisation.
    prefixed("docker-pat", &["dckr_pat_", "dckr_oat_"], r"dckr_[po]at_[A-Za-z0-9_-]{27,32}"),
    // Doppler.
    prefixed("doppler-api-token", &["dp."], r"dp\.(?:pt|ct|sa|st|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    // Duffel.
    prefixed("duffel-api-token", &["duffel_"], r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    // Dynatrace.
    prefixed("dynatrace-api-token", &["dt0"], r"(?i:dt0[a-z]\d\d\.[a-z0-9]{24}\.[a-z0-9]{64})"),
    // E2B.
    prefixed("e2b-api-key", &["e2b_"], r"e2b_[a-f0-9]{40}"),
    // EasyPost.
    prefixed("easypost-api-token", &["ezak", "eztk"], r"EZ[AT]K[A-Za-z0-9]{54}"),
    // ElevenLabs.
    prefixed("elevenlabs-api-key", &["sk_"], r"sk_[a-f0-9]{48}"),
    // Figma.
    prefixed("figma-token", &["figd_"], r"figd_[A-Za-z0-9_-]{40}"),
    // Firecrawl.
    prefixed("firecrawl-api-key", &["fc-"], r"fc-[a-f0-9]{32}"),
    // Fireworks.
    prefixed("fireworks-api-key", &["fw_"], r"fw_[A-Za-z0-9]{22,24}"),
    // Flutterwave.
    prefixed("flutterwave-secret-key", &["flwseck_"], r"FLWSECK_(?:TEST|LIVE)-[A-Za-z0-9]{12,32}(?:-X)?"),
    // Fly.io: macaroons come in lists.
    prefixed("flyio-access-token", &["fo1_"], r"fo1_[A-Za-z0-9_-]{43}"),
    prefixed("flyio-access-token", &["fm1r_", "fm1a_", "fm2_"], r"fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,}={0,3}"),
    // Frame.io.
    prefixed("frameio-api-token", &["fio-u-"], r"fio-u-[A-Za-z0-9_=-]{64}"),
    // GitHub: classic tokens and fine-grained ones; installation tokens since 2026 are a JSON web token behind the
    // number of the app.
    prefixed("github-app-token", &["ghs_", "ghu_"], r"gh[us]_\d{1,20}_eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{40,}"),
    prefixed("github-pat", &["ghp_"], r"ghp_[A-Za-z0-9]{36}"),
    prefixed("github-oauth", &["gho_"], r"gho_[A-Za-z0-9]{36}"),
    prefixed("github-app-token", &["ghu_", "ghs_"], r"gh[us]_[A-Za-z0-9]{36}"),
    prefixed("github-refresh-token", &["ghr_"], r"ghr_[A-Za-z0-9]{36,76}"),
    prefixed("github-fine-grained-pat", &["github_pat_"], r"github_pat_[A-Za-z0-9_]{82}"),
    // GitLab: one prefix for each kind; routable tokens carry a payload, since 2025 a version, and a checksum.
    prefixed("gitlab-pat", &["glpat-"], r"glpat-(?:[A-Za-z0-9_-]{27,300}\.(?:[a-z0-9]{2}\.)?[a-z0-9]{9}|[A-Za-z0-9_-]{20})"),
    prefixed("gitlab-runner-authentication-token", &["glrt-", "glrtr-"], r"glrtr?-(?:(?:t\d_)?[A-Za-z0-9_-]{27,300}\.(?:[a-z0-9]{2}\.)?[a-z0-9]{9}|[A-Za-z0-9_-]{20,30})"),
    prefixed("gitlab-routable-token", &["gldt-", "glcbt-", "glptt-", "glft-", "glagent-", "gloas-", "glimt-", "glsoat-", "glffct-", "glwt-"], r"gl(?:dt|cbt|ptt|ft|agent|oas|imt|soat|ffct|wt)-[A-Za-z0-9_-]{27,300}\.(?:[a-z0-9]{2}\.)?[a-z0-9]{9}"),
    prefixed("gitlab-deploy-token", &["gldt-"], r"gldt-[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-feature-flag-client-token", &["glffct-"], r"glffct-[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-feed-token", &["glft-"], r"glft-[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-incoming-mail-token", &["glimt-"], r"glimt-[A-Za-z0-9_-]{25}"),
    prefixed("gitlab-kubernetes-agent-token", &["glagent-"], r"glagent-[A-Za-z0-9_-]{50}"),
    prefixed("gitlab-cicd-job-token", &["glcbt-"], r"glcbt-[A-Za-z0-9]{1,5}_[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-oauth-app-secret", &["gloas-"], r"gloas-[A-Za-z0-9_-]{64}"),
    prefixed("gitlab-scim-token", &["glsoat-"], r"glsoat-[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-pipeline-trigger-token", &["glptt-"], r"glptt-[a-f0-9]{40}"),
    prefixed("gitlab-runner-registration-token", &["gr1348941"], r"GR1348941[A-Za-z0-9_-]{20}"),
    prefixed("gitlab-session-cookie", &["_gitlab_session="], r"_gitlab_session=([a-f0-9]{32})"),
    // Google: API keys, OAuth client secrets, access tokens.
    prefixed("gcp-api-key", &["aiza"], r"AIza[A-Za-z0-9_-]{35}"),
    prefixed("gemini-api-key", &["aq."], r"AQ\.Ab[A-Za-z0-9_-]{45,60}"),
    prefixed("google-oauth-client-secret", &["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{28}"),
    prefixed("google-oauth-access-token", &["ya29."], r"ya29\.[A-Za-z0-9_-]{30,}"),
    // Grafana: old keys are JSON in base64.
    prefixed("grafana-api-key", &["eyjrijoi"], r"eyJrIjoi[A-Za-z0-9+/_-]{60,400}={0,3}"),
    prefixed("grafana-cloud-api-token", &["glc_"], r"glc_[A-Za-z0-9+/]{32,400}={0,3}"),
    prefixed("grafana-service-account-token", &["glsa_"], r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    // Groq.
    prefixed("groq-api-key", &["gsk_"], r"gsk_[A-Za-z0-9]{52}"),
    // Harness.
    prefixed("harness-api-key", &["pat.", "sat."], r"[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    // HashiCorp: Terraform Cloud, Vault.
    within("hashicorp-tf-api-token", &[".atlasv1."], 14, r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}"),
    prefixed("vault-service-token", &["hvs."], r"hvs\.[A-Za-z0-9_-]{24,200}"),
    prefixed("vault-batch-token", &["hvb."], r"hvb\.[A-Za-z0-9_-]{100,400}"),
    prefixed("vault-recovery-token", &["hvr."], r"hvr\.[A-Za-z0-9_-]{24,200}"),
    // Heroku.
    prefixed("heroku-api-key", &["hrku-"], r"HRKU-AA[A-Za-z0-9_-]{58}"),
    // Hugging Face: users and organisations.
    prefixed("huggingface-access-token", &["hf_"], r"hf_[A-Za-z]{34}"),
    prefixed("huggingface-organization-token", &["api_org_"], r"api_org_[A-Za-z]{34}"),
    // Honeycomb.
    prefixed("honeycomb-key", &["hcaik_", "hcbik_", "hccik_", "hcamk_"], r"hc(?:[abc]i|am)k_[a-z0-9]{58}"),
    // Infracost.
    prefixed("infracost-api-token", &["ico-"], r"ico-[A-Za-z0-9]{32}"),
    // 42.
    prefixed("intra42-client-secret", &["s-s4t2"], r"s-s4t2(?:ud|af)-[a-f0-9]{64}"),
    // Jina.
    prefixed("jina-api-key", &["jina_"], r"jina_[A-Za-z0-9_-]{60}"),
    // JSON web tokens: header and payload are JSON objects in base64.
    prefixed("jwt", &["eyj"], r"eyJ[A-Za-z0-9_-]{14,}\.ey[A-Za-z0-9_/-]{15,}\.[A-Za-z0-9_/-]{10,}={0,2}"),
    // Kaggle.
    prefixed("kaggle-api-token", &["kgat_"], r"KGAT_[a-f0-9]{32}"),
    // Langfuse.
    prefixed("langfuse-secret-key", &["sk-lf-"], r"sk-lf-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"),
    // LangSmith.
    prefixed("langsmith-api-key", &["lsv2_"], r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    // Linear.
    prefixed("linear-api-key", &["lin_api_"], r"lin_api_[A-Za-z0-9]{40}"),
    // LlamaCloud.
    prefixed("llamacloud-api-key", &["llx-"], r"llx-[A-Za-z0-9]{48}"),
    // Logfire.
    prefixed("logfire-token", &["pylf_v"], r"pylf_v\d_(?:us|eu)_[A-Za-z0-9]{43}"),
    // Mailchimp, Mailgun, Brevo, SendGrid: mail.
    within("mailchimp-api-key", &["-us"], 32, r"[a-f0-9]{32}-us\d{1,2}"),
    prefixed("mailgun-private-api-token", &["key-"], r"key-[a-f0-9]{32}"),
    prefixed("sendinblue-api-token", &["xkeysib-", "xsmtpsib-"], r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    prefixed("sendgrid-api-token", &["sg."], r"SG\.[A-Za-z0-9_=.-]{66}"),
    // MaxMind.
    within("maxmind-license-key", &["_mmk"], 36, r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    // Microsoft Teams.
    within("microsoft-teams-webhook", &["webhook.office.com/webhookb2/"], 40, r"[a-z0-9-]+\.webhook\.office\.com/webhookb2/[a-z0-9@-]{60,90}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36}"),
    // MongoDB Atlas: service accounts.
    prefixed("mongodb-atlas-service-account-secret", &["mdb_sa_sk_"], r"mdb_sa_sk_[A-Za-z0-9_-]{40}"),
    // Neon.
    prefixed("neon-api-key", &["napi_"], r"napi_[a-z0-9]{64}"),
    // NetBird.
    prefixed("netbird-pat", &["nbp_"], r"nbp_[A-Za-z0-9]{36}"),
    // Netlify: personal, OAuth, command line, builds, users.
    prefixed("netlify-access-token", &["nfp_", "nfo_", "nfc_", "nfb_", "nfu_"], r"nf[pocbu]_[A-Za-z0-9_]{36}"),
    // New Relic: users, ingest, browser, insights, licences.
    prefixed("new-relic-key", &["nrak-", "nrii-", "nriq-", "nrra-", "nrjs-"], r"(?i:NR(?:AK|II|IQ|RA|JS)-[a-z0-9_-]{19,42})"),
    within("new-relic-license-key", &["nral"], 36, r"[A-Fa-f0-9]{36}NRAL"),
    // Notion.
    prefixed("notion-api-token", &["ntn_"], r"ntn_\d{11}[A-Za-z0-9]{35}"),
    // NVIDIA.
    prefixed("nvidia-api-key", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{64}"),
    // npm, PyPI, RubyGems, NuGet: packages.
    prefixed("npm-access-token", &["npm_"], r"npm_[A-Za-z0-9]{36}"),
    prefixed("pypi-upload-token", &["pypi-age"], r"pypi-AgE[A-Za-z0-9_-]{60,}"),
    prefixed("rubygems-api-token", &["rubygems_"], r"rubygems_[a-f0-9]{48}"),
    prefixed("nuget-api-key", &["oy2"], r"oy2[a-z0-9]{43}"),
    // Octopus Deploy.
    prefixed("octopus-deploy-api-key", &["api-"], r"API-[A-Z0-9]{26}"),
    // OpenAI: all kinds carry `OpenAI` in base64 in their middle.
    prefixed("openai-api-key", &["sk-"], r"sk-(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,90}T3BlbkFJ[A-Za-z0-9_-]{20,90}"),
    prefixed("openai-api-key", &["sk-proj-", "sk-svcacct-", "sk-admin-"], r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{60,}"),
    // OpenRouter.
    prefixed("openrouter-api-key", &["sk-or-v1-"], r"sk-or-v1-[a-f0-9]{64}"),
    // Open VSX.
    prefixed("open-vsx-access-token", &["ovsxat_", "ovsxp_"], r"ovsx(?:at|p)_[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"),
    // OpenShift.
    prefixed("openshift-user-token", &["sha256~"], r"sha256~[A-Za-z0-9_-]{43}"),
    // Paddle.
    prefixed("paddle-api-key", &["pdl_live_apikey_", "pdl_sdbx_apikey_"], r"pdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}"),
    // Perplexity.
    prefixed("perplexity-api-key", &["pplx-"], r"pplx-[A-Za-z0-9]{48}"),
    // Pinecone.
    prefixed("pinecone-api-key", &["pcsk_"], r"pcsk_[A-Za-z0-9]{5,7}_[A-Za-z0-9]{60,66}"),
    // PlanetScale.
    prefixed("planetscale-token", &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,64}"),
    // Portainer.
    prefixed("portainer-access-token", &["ptr_"], r"ptr_[A-Za-z0-9+/]{43}="),
    // PostHog: personal keys; `phc_` is the public one of a project.
    prefixed("posthog-personal-api-key", &["phx_"], r"phx_[A-Za-z0-9_]{43,60}"),
    // Postman.
    prefixed("postman-api-token", &["pmak-"], r"(?i:PMAK-[a-f0-9]{24}-[a-f0-9]{34})"),
    // Prefect.
    prefixed("prefect-api-token", &["pnu_", "pnb_"], r"pn[ub]_[A-Za-z0-9]{36}"),
    // Pulumi.
    prefixed("pulumi-api-token", &["pul-"], r"pul-[a-f0-9]{40}"),
    // ReadMe.
    prefixed("readme-api-token", &["rdme_"], r"rdme_[a-z0-9]{70}"),
    // Render.
    prefixed("render-api-key", &["rnd_"], r"rnd_[A-Za-z0-9]{28,32}"),
    // Replicate.
    prefixed("replicate-api-token", &["r8_"], r"r8_[A-Za-z0-9]{37}"),
    // Resend.
    prefixed("resend-api-key", &["re_"], r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    // RunPod.
    prefixed("runpod-api-key", &["rpa_"], r"rpa_[A-Z0-9]{40}[A-Za-z0-9]{2,8}"),
    // Scalingo.
    prefixed("scalingo-api-token", &["tk-us-"], r"tk-us-[A-Za-z0-9_-]{48}"),
    // Sentry: organisations carry JSON in base64.
    prefixed("sentry-org-token", &["sntrys_"], r"sntrys_[A-Za-z0-9+/]{80,}={0,2}_[A-Za-z0-9+/]{43}"),
    prefixed("sentry-user-token", &["sntryu_"], r"sntryu_[a-f0-9]{64}"),
    // Shopify.
    prefixed("shopify-token", &["shpat_", "shpca_", "shppa_", "shpss_"], r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    // Slack: bots, users, legacy, apps, configuration, webhooks.
    prefixed("slack-config-token", &["xoxe.xox", "xoxe-"], r"xoxe(?:\.xox[bp]-\d-[A-Za-z0-9]{120,200}|-\d-[A-Za-z0-9]{120,200})"),
    prefixed("slack-token", &["xoxa-", "xoxb-", "xoxc-", "xoxd-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"], r"xox[abcdoprs]-(?:\d{8,14}-){1,4}[A-Za-z0-9]{8,160}"),
    prefixed("slack-token", &["xoxa-2", "xoxr-2"], r"xox[ar]-2-[A-Za-z0-9-]{8,100}"),
    prefixed("slack-app-token", &["xapp-"], r"xapp-\d-[A-Za-z0-9]{8,14}-\d{8,14}-[A-Za-z0-9]{40,80}"),
    prefixed("slack-webhook-url", &["hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"], r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{40,60})"),
    // Snyk: older tokens are UUIDs, and told by their names.
    prefixed("snyk-access-token", &["snyk_uat.", "snyk_sat."], r"snyk_[us]at\.[a-f0-9]{8}\.[A-Za-z0-9_-]{30,80}(?:\.[A-Za-z0-9_-]{20,100})?"),
    // Socket.
    prefixed("socket-api-token", &["sktsec_"], r"sktsec_[A-Za-z0-9_-]{40,50}(?:_api)?"),
    // SonarQube.
    prefixed("sonar-api-token", &["squ_", "sqp_", "sqa_"], r"sq[upa]_[a-f0-9]{40}"),
    // Sourcegraph.
    prefixed("sourcegraph-access-token", &["sgp_"], r"sgp_(?:(?:[a-f0-9]{16}|local)_)?[a-f0-9]{40}"),
    // Square.
    prefixed("square-access-token", &["eaaa"], r"EAAA[A-Za-z0-9_-]{22,60}"),
    prefixed("square-access-token", &["sq0atp-", "sq0csp-"], r"sq0(?:atp-[A-Za-z0-9_-]{22}|csp-[A-Za-z0-9_-]{43})"),
    // Stripe: secret, restricted, webhook; `pk_` is public.
    prefixed("stripe-access-token", &["sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"], r"[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,110}"),
    prefixed("stripe-webhook-secret", &["whsec_"], r"whsec_[A-Za-z0-9+/]{32,64}={0,2}"),
    // Supabase; `sb_publishable_` is public.
    prefixed("supabase-secret-key", &["sb_secret_"], r"sb_secret_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}"),
    prefixed("supabase-token", &["sbp_"], r"sbp_(?:v0_|oauth_)?[a-f0-9]{40}"),
    // Tailscale.
    prefixed("tailscale-key", &["tskey-"], r"tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}"),
    // Tavily.
    prefixed("tavily-api-key", &["tvly-"], r"tvly-(?:(?:dev|prod)-)?[A-Za-z0-9]{32}"),
    // Telegram bots.
    within("telegram-bot-api-token", &[":aa"], 16, r"\d{5,16}:AA[A-Za-z0-9_-]{33}"),
    // Tencent Cloud.
    prefixed("tencent-secret-id", &["akid"], r"AKID[A-Za-z0-9]{32}"),
    // Together.
    prefixed("together-api-key", &["tgp_v1_"], r"tgp_v1_[A-Za-z0-9_-]{43}"),
    // Trigger.dev.
    prefixed("trigger-dev-key", &["tr_dev_", "tr_prod_", "tr_stg_", "tr_pat_"], r"tr_(?:dev|prod|stg|pat)_[A-Za-z0-9]{20,40}"),
    // Twilio.
    prefixed("twilio-api-key", &["sk"], r"SK[a-f0-9]{32}"),
    // Typeform.
    prefixed("typeform-api-token", &["tfp_"], r"tfp_[A-Za-z0-9_=.-]{59}"),
    // UpCloud.
    prefixed("upcloud-api-token", &["ucat_"], r"ucat_[A-Z0-9]{26}"),
    // Vercel: personal, integration, app, refresh, gateway.
    prefixed("vercel-token", &["vcp_", "vci_", "vca_", "vcr_", "vck_"], r"vc[piark]_[A-Za-z0-9]{56}"),
    // Voyage.
    prefixed("voyage-api-key", &["pa-"], r"pa-[A-Za-z0-9_-]{43}"),
    // Weights & Biases.
    prefixed("wandb-api-key", &["wandb_v1_"], r"wandb_v1_[A-Za-z0-9_]{77}"),
    // xAI.
    prefixed("xai-api-key", &["xai-"], r"xai-[A-Za-z0-9]{80}"),
    // Yandex.
    prefixed("yandex-access-token", &["t1."], r"t1\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]{86}={0,2}"),
    prefixed("yandex-api-key", &["aqvn"], r"AQVN[A-Za-z0-9_-]{35,38}"),
    // What is written between a name and where it is used: databases for Go, files of `htpasswd`, SQL.
    beside("url-password", &["@tcp(", "@unix("], 256, r#"[A-Za-z0-9_.-]+:([^\s"'`]+)@(?:tcp|unix)\("#),
    beside("secret-file", &[":$apr1$", ":$$apr1$$", ":$2a$", ":$2b$", ":$2y$", ":$$2y$$", ":$5$", ":$6$", ":{sha}", ":{ssha}"], 64, r"[A-Za-z0-9_.@-]+:((?:\$\$?(?:apr1|2[aby]|5|6)\$|\{S?SHA\})[A-Za-z0-9./+=$]{20,})"),
    beside("sql-password", &["identified by", "identified with"], 0, r#"(?i:identified\s+(?:with\s+\S+\s+)?by\s+(?:password\s+)?)['"]([^'"\n]+)['"]"#),
    beside("sql-password", &["password '", "password e'"], 200, r#"(?i:\b(?:user|role|login|with|encrypted)\b[^\n;]{0,160}?\bpassword\s+E?)'([^'\n]+)'"#),
    // Settings whose value stands behind a blank.
    command("credential", &["requirepass", "masterauth"], r#"(?:requirepass|masterauth)[ \t]+["']?([^\s"'#]+)"#),
    command("credential", &["bindpw", "rootpw", "auth_pass"], r#"(?:bindpw|rootpw|auth_pass)[ \t]+["']?([^\s"'#]+)"#),
    command("credential", &["authorization"], r#"(?i:authorization)[ \t]+["'](?i:basic|bearer|token)[ \t]+([^\s"';]+)"#),
    // curl goes on behind a backslash at the end of a line.
    command("command-line-password", &["curl"], r#"curl\b(?:[^\n]|\\\r?\n){0,400}?[ \t](?:-u|--user)[ \t=]+["']?[^\s"':]*["']?:["']?([^\s"']+)"#),
    // These take a password that is glued to the flag, or behind one whose name does not tell.
    command("command-line-password", &["mysql", "mariadb"], r#"(?:mysql|mariadb)(?:dump|admin|-dump)?\b[^\n]{0,200}?[\s"']-p([^\s"',\]\\][^\s"',\]]*)"#),
    command("command-line-password", &["sshpass"], r#"sshpass[\s"',]+-p[\s"',]*([^\s"',\]]+)"#),
    command("command-line-password", &["redis-cli"], r#"redis-cli\b[^\n]{0,200}?[\s"']-a[\s"',]+([^\s"',\]]+)"#),
    command("command-line-password", &["docker login", "podman login", "helm registry login"], r#"(?:docker|podman|helm registry) login\b[^\n]{0,200}?[\s"']-p[\s"',]+([^\s"',\]]+)"#),
];
