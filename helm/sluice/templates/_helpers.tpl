{{/* The labels of every object of the release. */}}
{{- define "sluice.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "sluice.selector" . }}
{{- end }}

{{/* What tells the pods of this release from all others, the same in both modes: a Deployment keeps its selector. */}}
{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The Service, whose name is part of every artifact URL. */}}
{{- define "sluice.service" -}}
{{ eq .Values.mode "whole" | ternary "source-controller" .Release.Name }}
{{- end }}

{{/* The Service that registries reach, and what leads to it. */}}
{{- define "sluice.webhooks" -}}
{{ .Release.Name }}-webhooks
{{- end }}

{{/* Where registries reach it, as far as the chart knows. */}}
{{- define "sluice.webhooksUrl" -}}
{{- with .Values.webhooks }}
{{- if .ingress.enabled }}{{ .ingress.tls | empty | ternary "http" "https" }}://{{ first .ingress.hosts }}
{{- else if and .httpRoute.enabled .httpRoute.hostnames }}https://{{ first .httpRoute.hostnames }}
{{- else }}http://{{ include "sluice.webhooks" $ }}.{{ $.Release.Namespace }}.svc.{{ $.Values.clusterDomain }}{{ if ne (int .service.port) 80 }}:{{ int .service.port }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The label selector of the watched objects; empty takes all. */}}
{{- define "sluice.objects" -}}
{{- if eq .Values.mode "beside" }}sharding.fluxcd.io/key={{ .Values.shard }}{{ end }}
{{- end }}

{{/* The Lease, named as by source-controller, so that the two never write at the same time. */}}
{{- define "sluice.lease" -}}
source-controller-leader-election
{{- with include "sluice.objects" . }}-{{ sha256sum . | trunc 8 }}{{ end }}
{{- end }}

{{/* The times of the Lease, if a leader can keep it with them. */}}
{{- define "sluice.election" -}}
{{- $lease := int .Values.leaderElection.leaseSeconds }}
{{- $renew := int .Values.leaderElection.renewSeconds }}
{{- $retry := int .Values.leaderElection.retrySeconds }}
{{- if le (mul 5 $renew) (mul 6 $retry) }}
{{- fail (printf "leaderElection.renewSeconds is %d: it must be more than 1.2 times retrySeconds, which is %d" $renew $retry) }}
{{- end }}
{{- if le $lease $renew }}
{{- fail (printf "leaderElection.leaseSeconds is %d: it must be more than renewSeconds, which is %d" $lease $renew) }}
{{- end }}
{{- if le $lease (add $retry 10 | int) }}
{{- fail (printf "leaderElection.leaseSeconds is %d: it must be more than retrySeconds and 10, the limit of a write, together" $lease) }}
{{- end -}}
- --leader-election-lease-duration={{ $lease }}s
- --leader-election-renew-deadline={{ $renew }}s
- --leader-election-retry-period={{ $retry }}s
{{- end }}

{{/* More mounts of the container, if each is of a volume that is there. */}}
{{- define "sluice.mounts" -}}
{{- $volumes := list }}
{{- range .Values.extraVolumes }}{{ $volumes = append $volumes .name }}{{ end }}
{{- range .Values.extraVolumeMounts }}
{{- if not (has .name $volumes) }}
{{- fail (printf "extraVolumeMounts names the volume %q: extraVolumes has none of that name" .name) }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* The role for the watched objects; cluster-wide names carry the namespace. */}}
{{- define "sluice.role" -}}
{{ .Values.watchAllNamespaces | ternary (printf "%s-%s" .Release.Namespace .Release.Name) .Release.Name }}
{{- end }}

{{- define "sluice.image" -}}
{{- $repository := required "image.repository is empty: no image is published, so build one with the Dockerfile and push it to a registry of yours" .Values.image.repository }}
{{- with .Values.image.digest }}{{ $repository }}@{{ . }}{{ else }}{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
