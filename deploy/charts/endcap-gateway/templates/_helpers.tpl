{{- define "gateway.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end }}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: endcap
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "gateway.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "gateway.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end }}

{{- define "gateway.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "gateway.several" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) }}true{{ end -}}
{{- end }}

{{/* What the schema cannot say: members that need one another. */}}
{{- define "gateway.refuse" -}}
{{- $v := .Values }}
{{- if and (eq $v.mode "control") (not $v.control.url) }}{{ fail "control.url is required when mode is control" }}{{ end }}
{{- if and (eq $v.mode "control") (not $v.existingSecret) }}{{ fail "existingSecret is required when mode is control: it holds internal.key and snapshot.pub.pem" }}{{ end }}
{{- if and (eq $v.mode "standalone") (not $v.standalone.file.upstreams) }}{{ fail "standalone.file.upstreams must name at least one upstream" }}{{ end }}
{{- if and (eq $v.mode "standalone") (include "gateway.several" .) }}
{{- if not $v.existingSecret }}{{ fail "existingSecret is required for several standalone replicas: they share its internal.key, or upstreams would trust only one of them" }}{{ end }}
{{- if not $v.standalone.file.sessionMasters }}{{ fail "standalone.file.sessionMasters is required for several replicas: a session opened at one must be good at the others" }}{{ end }}
{{- end }}
{{- if and $v.redisUrlKey (not $v.existingSecret) }}{{ fail "existingSecret is required with redisUrlKey, which names a key of it" }}{{ end }}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}{{ fail "autoscaling.minReplicas is above autoscaling.maxReplicas" }}{{ end }}
{{- end }}

{{/* The gateway's configuration file. What the chart decides stands after the operator's settings and wins. */}}
{{- define "gateway.config" -}}
{{- $v := .Values }}
{{- $own := dict "host" "0.0.0.0" "port" 7401 "adminHost" "0.0.0.0" "adminPort" 7411 "nodeDir" "/var/lib/endcap" }}
{{- $_ := set $own "drainDelayMs" (mul 1000 (int $v.drain.delaySeconds)) }}
{{- $_ := set $own "drainMsMax" (mul 1000 (int $v.drain.secondsMax)) }}
{{- if eq $v.mode "standalone" }}
{{- $_ := set $own "snapshotFile" "/etc/endcap/tenants/tenants.yaml" }}
{{- if include "gateway.several" . }}
{{- $_ := set $own "keyFile" "/etc/endcap/secrets/internal.key" }}
{{- if not (hasKey $v.settings "gateways") }}{{ $_ := set $own "gateways" (int (ternary $v.autoscaling.minReplicas $v.replicas $v.autoscaling.enabled)) }}{{ end }}
{{- end }}
{{- else }}
{{- $_ := set $own "controlUrl" $v.control.url }}
{{- $_ := set $own "keyFile" "/etc/endcap/secrets/internal.key" }}
{{- $_ := set $own "snapshotPublicKeyFile" "/etc/endcap/secrets/snapshot.pub.pem" }}
{{- end }}
{{- toYaml (mergeOverwrite (deepCopy $v.settings) $own) }}
{{- end }}
