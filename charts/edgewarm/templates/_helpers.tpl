{{- define "edgewarm.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "edgewarm.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "edgewarm.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "edgewarm.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "edgewarm.serviceAccountName" -}}
{{- default (ternary (include "edgewarm.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "edgewarm.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* What selects the operator's pod; never changes between versions, since a Deployment's selector cannot. */}}
{{- define "edgewarm.selectorLabels" -}}
app.kubernetes.io/name: {{ include "edgewarm.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edgewarm.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "edgewarm.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The operator's configuration file. */}}
{{- define "edgewarm.configuration" -}}
{{- $all := dict "sources" .Values.sources "plugins" .Values.plugins "prices" .Values.prices }}
{{- $fetchers := list }}
{{- range .Values.fetchers }}
{{- $fetchers = append $fetchers (merge (dict) . (dict "image" (include "edgewarm.image" $))) }}
{{- end }}
{{- $all = set $all "fetchers" $fetchers }}
{{- $all = set $all "nodeRoom" (dict "image" .Values.rungs.nodeRoom.image "priorityClass" (printf "%s-node-room" (include "edgewarm.fullname" .))) }}
{{- with .Values.approval }}
{{- $all = set $all "approval" . }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{- /* The one subject of every binding. */}}
{{- define "edgewarm.subjects" -}}
- kind: ServiceAccount
  name: {{ include "edgewarm.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
