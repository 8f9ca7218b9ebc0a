{{/* One controller lives in one namespace, so names are constants; sessions' objects refer to them. */}}
{{- define "streamspace.name" -}}streamspace-agent{{- end }}

{{- define "streamspace.labels" -}}
{{ include "streamspace.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/part-of: streamspace
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{/* What sessions' network policies let in: agents, by this label. */}}
{{- define "streamspace.selector" -}}
app.kubernetes.io/name: {{ include "streamspace.name" . }}
{{- end }}

{{- define "streamspace.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- $digest := .Values.image.digest | empty | ternary "" (printf "@%s" .Values.image.digest) -}}
{{ .Values.image.repository }}:{{ $tag }}{{ $digest }}
{{- end }}

{{- define "streamspace.url" -}}
{{ required "url is missing: the control plane's public URL, as the Controllers page shows it." .Values.url | trimSuffix "/" }}
{{- end }}

{{- define "streamspace.tokenSecret" -}}
{{ .Values.existingSecret | default "streamspace-agent-enrolment" }}
{{- end }}

{{/* What agent/drivers/kubernetes/settings.py reads. What is empty here is left out there. */}}
{{- define "streamspace.settings" -}}
{{- $sessions := .Values.sessions -}}
{{- $home := dict "size" $sessions.home.size -}}
{{- with $sessions.home.storageClass }}{{ $_ := set $home "storage_class" . }}{{ end -}}
{{- $settings := dict
  "home" $home
  "ephemeral_storage" $sessions.ephemeralStorage
  "node_selector" $sessions.nodeSelector
  "tolerations" $sessions.tolerations
  "service_account" "streamspace-session"
  "image_pull_secrets" $sessions.imagePullSecrets
  "image_pull_policy" $sessions.imagePullPolicy
  "gpu_resource" $sessions.gpuResource
  "labels" $sessions.labels
  "annotations" $sessions.annotations
  "agent_selector" (include "streamspace.selector" . | fromYaml)
  "stream" $sessions.stream
  "ingress_cidrs" $sessions.ingressCidrs
  "blocked_cidrs" $sessions.blockedCidrs
  "dns_cidrs" $sessions.dnsCidrs -}}
{{- with $sessions.runtimeClass }}{{ $_ := set $settings "runtime_class" . }}{{ end -}}
{{- with $sessions.priorityClass }}{{ $_ := set $settings "priority_class" . }}{{ end -}}
{{- range $name, $seconds := $sessions.timeouts }}{{ $_ := set $settings (printf "%s_timeout" $name) $seconds }}{{ end -}}
{{- with .Values.capacity }}
{{- if or .cpu .memory .gpu }}{{ $_ := set $settings "capacity" (dict
  "cpu" (required "capacity.cpu is missing beside capacity.memory" .cpu | toString)
  "memory" (required "capacity.memory is missing beside capacity.cpu" .memory | toString)
  "gpu" (int .gpu)) }}{{ end -}}
{{- end -}}
{{- $settings | toPrettyJson -}}
{{- end }}
