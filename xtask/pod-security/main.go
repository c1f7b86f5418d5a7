// Judges the objects of a JSONL file by the Pod Security Standards as Kubernetes itself does, and
// writes each with its verdicts: by level, the checks that fail, from a version of the policy on.
//
//	go run . ../../crates/lint/tests/pod-security.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

const newest = 40

type line struct {
	Object   json.RawMessage                `json:"object"`
	Verdicts map[string]map[string][]string `json:"verdicts"`
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	checks := policy.DefaultChecks()
	for i := range checks {
		id := string(checks[i].ID)
		for j := range checks[i].Versions {
			inner := checks[i].Versions[j].CheckPod
			checks[i].Versions[j].CheckPod = func(m *metav1.ObjectMeta, s *corev1.PodSpec) policy.CheckResult {
				result := inner(m, s)
				if !result.Allowed {
					result.ForbiddenReason = id
				}
				return result
			}
		}
	}
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var out strings.Builder
	head, _ := json.Marshal(map[string]string{"package": packageVersion()})
	out.Write(append(head, '\n'))
	scanner := bufio.NewScanner(strings.NewReader(string(text)))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var one line
		if err := json.Unmarshal(scanner.Bytes(), &one); err != nil {
			return err
		}
		if one.Object == nil {
			continue
		}
		metadata, spec, err := podOf(one.Object)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Object, err)
		}
		one.Verdicts = map[string]map[string][]string{}
		for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
			one.Verdicts[string(level)] = verdicts(evaluator, level, metadata, spec)
		}
		made, err := json.Marshal(one)
		if err != nil {
			return err
		}
		out.Write(append(made, '\n'))
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// The checks that fail, at each version from which on they are others.
func verdicts(evaluator policy.Evaluator, level api.Level, metadata *metav1.ObjectMeta, spec *corev1.PodSpec) map[string][]string {
	found := map[string][]string{}
	var before []string
	for minor := 0; minor <= newest+1; minor++ {
		version, name := api.MajorMinorVersion(1, minor), fmt.Sprintf("v1.%d", minor)
		if minor > newest {
			version, name = api.LatestVersion(), "latest"
		}
		failed := []string{}
		for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: version}, metadata, spec) {
			if !result.Allowed {
				failed = append(failed, result.ForbiddenReason)
			}
		}
		if before == nil || !slices.Equal(before, failed) {
			found[name] = failed
		}
		before = failed
	}
	return found
}

func podOf(text []byte) (*metav1.ObjectMeta, *corev1.PodSpec, error) {
	var kind metav1.TypeMeta
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, nil, err
	}
	objects := map[string]runtime.Object{
		"Pod": &corev1.Pod{}, "PodTemplate": &corev1.PodTemplate{}, "ReplicationController": &corev1.ReplicationController{},
		"Deployment": &appsv1.Deployment{}, "StatefulSet": &appsv1.StatefulSet{}, "DaemonSet": &appsv1.DaemonSet{},
		"ReplicaSet": &appsv1.ReplicaSet{}, "Job": &batchv1.Job{}, "CronJob": &batchv1.CronJob{},
	}
	object := objects[kind.Kind]
	if object == nil {
		return nil, nil, fmt.Errorf("no pods in a %s", kind.Kind)
	}
	if err := json.Unmarshal(text, object); err != nil {
		return nil, nil, err
	}
	return admission.DefaultPodSpecExtractor{}.ExtractPodSpec(object)
}

func packageVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, one := range info.Deps {
		if one.Path == "k8s.io/pod-security-admission" {
			return one.Path + " " + one.Version
		}
	}
	return ""
}
