//! Reads a deployment that a shell script renders with yq and kustomize, without running it.

mod shell;
