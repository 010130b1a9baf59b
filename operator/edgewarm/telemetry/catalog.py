"""The operator's metrics as a table, from which they are made, documented and checked.

Names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for counters, one meaning per name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """Prometheus metric types that we use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `buckets` in the unit of the name, for histograms only."""

    name: str
    type: Type
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


POLICY = ("namespace", "policy")
PASS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0)
QUERY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FIT_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

DEMAND = Metric("edgewarm_demand", Type.GAUGE, POLICY, "Last demand sample, in the unit of the policy's query.")
NEED = Metric(
    "edgewarm_need_pods", Type.GAUGE, POLICY, "Pods that demand asks for now: ceil(demand / capacity per pod)."
)
READY = Metric("edgewarm_ready_pods", Type.GAUGE, POLICY, "Ready pods of the policy's target.")
WANTED = Metric("edgewarm_wanted_pods", Type.GAUGE, POLICY, "Replicas that the rules chose in the last pass.")
FORECAST = Metric(
    "edgewarm_forecast_demand",
    Type.GAUGE,
    (*POLICY, "quantile"),
    "Largest demand expected in the lead window, in the unit of the policy's query; quantile is 0.5 or 0.9.",
)
RESOURCE_DEMAND = Metric(
    "edgewarm_resource_demand",
    Type.GAUGE,
    (*POLICY, "resource"),
    "Last sample of each series of a policy with demand.resources, in the unit of its query.",
)
RESOURCE_FORECAST = Metric(
    "edgewarm_resource_forecast_demand",
    Type.GAUGE,
    (*POLICY, "resource", "quantile"),
    "The same expected in the lead window; quantile is 0.5 or 0.9.",
)
NODE_DEMAND = Metric(
    "edgewarm_node_demand",
    Type.GAUGE,
    (*POLICY, "node"),
    "Last sample of demand by node, of a policy with demand.labels.node; 50 nodes of it, 500 of all policies, and the "
    "rest as (other).",
)
NODE_FORECAST = Metric(
    "edgewarm_node_forecast_demand",
    Type.GAUGE,
    (*POLICY, "node", "quantile"),
    "The same expected in the lead window; quantile is 0.5 or 0.9, and those at 0.5 add up to that of the policy.",
)
PART_DEMAND = Metric(
    "edgewarm_part_demand",
    Type.GAUGE,
    (*POLICY, "by", "value"),
    "Last sample of demand by the other fields of demand.labels: by is requestType, dataCategory or region; limits as "
    "for nodes.",
)
PART_FORECAST = Metric(
    "edgewarm_part_forecast_demand",
    Type.GAUGE,
    (*POLICY, "by", "value", "quantile"),
    "The same expected in the lead window; quantile is 0.5 or 0.9, and those of one label at 0.5 add up to that of the "
    "policy.",
)
LEAD_TIME = Metric(
    "edgewarm_lead_time_seconds",
    Type.GAUGE,
    (*POLICY, "quantile"),
    "Measured seconds from creating a pod until it is ready; quantile is 0.5 or 0.9.",
)
STAGE = Metric(
    "edgewarm_stage_seconds",
    Type.GAUGE,
    (*POLICY, "stage", "quantile"),
    "Seconds that one stage of a start takes where it is cold: Scheduling, Image, Data, Start or Ready; quantile is "
    "0.5 or 0.9.",
)
RUNG_UNITS = Metric(
    "edgewarm_rung_units",
    Type.GAUGE,
    (*POLICY, "rung", "state"),
    "Units of each rung below the replicas that the policy opted into, such as standby pods; state is wanted, warm or "
    "warming.",
)
RUNG_IDLE = Metric(
    "edgewarm_rung_idle_minutes_total",
    Type.COUNTER,
    (*POLICY, "rung"),
    "Minutes for which units of a rung were held warm, summed over the units: of standbys these are idle pod-minutes.",
)
DATA_BYTES = Metric(
    "edgewarm_data_bytes",
    Type.GAUGE,
    (*POLICY, "tier"),
    "Bytes of data that the rung Data has staged on nodes; tier is hot (mounted by a pod there), warm (wanted) or cold "
    "(not wanted any more).",
)
DATA_REMOVED = Metric(
    "edgewarm_data_removed_bytes_total",
    Type.COUNTER,
    (*POLICY, "read"),
    "Bytes of staged data that were given up; read is no where no pod on the node ever had it mounted.",
)
IMAGE_PULLS = Metric(
    "edgewarm_image_pulls_total",
    Type.COUNTER,
    (*POLICY, "outcome"),
    "Images pulled ahead onto a node: pulled, then used (a pod started there) or unused (given up without one).",
)
PROMOTIONS = Metric(
    "edgewarm_promotions_total", Type.COUNTER, POLICY, "Standbys that began to serve: hits of the standby rung."
)
PARKINGS = Metric("edgewarm_parkings_total", Type.COUNTER, POLICY, "Serving pods that became standbys on a scale-in.")
MIGRATIONS = Metric(
    "edgewarm_migrations_total", Type.COUNTER, POLICY, "Serving pods that left their node, a standby in their stead."
)
BLIND = Metric("edgewarm_blind", Type.GAUGE, POLICY, "1 while there is no usable demand sample, else 0.")
DECISIONS = Metric(
    "edgewarm_decisions_total",
    Type.COUNTER,
    (*POLICY, "reason", "mode"),
    "Changes of plan, by the rule that set the number and the policy's mode.",
)
POLICIES = Metric(
    "edgewarm_policies",
    Type.GAUGE,
    ("state",),
    "Policies: ready, waiting (for history, target or API server), blind (no demand) or stalled (user must act).",
)
PASS_SECONDS = Metric(
    "edgewarm_pass_duration_seconds", Type.HISTOGRAM, (), "Seconds that one pass took.", buckets=PASS_BUCKETS
)
PASS_OVERRUNS = Metric(
    "edgewarm_pass_overruns_total", Type.COUNTER, (), "Passes that took longer than the interval between passes."
)
LAST_PASS = Metric(
    "edgewarm_last_pass_timestamp_seconds", Type.GAUGE, (), "When the last pass ended, in seconds since the Unix epoch."
)
API_REQUESTS = Metric(
    "edgewarm_api_requests_total",
    Type.COUNTER,
    ("verb", "resource", "code"),
    "Requests to the Kubernetes API; code is the HTTP status, or error when there was none.",
)
CACHE_AGE = Metric(
    "edgewarm_cache_age_seconds",
    Type.GAUGE,
    ("resource",),
    "Seconds since the API server last said anything about a kind; above 120 what is known of it grows old, and the "
    "log line `informer backs off` says why.",
)
SOURCE_ERRORS = Metric(
    "edgewarm_source_errors_total",
    Type.COUNTER,
    ("source", "kind"),
    "Questions to a demand source that got no usable answer, by kind of trouble.",
)
SOURCE_SECONDS = Metric(
    "edgewarm_source_query_duration_seconds",
    Type.HISTOGRAM,
    ("source",),
    "Seconds until a demand source had answered one request.",
    buckets=QUERY_BUCKETS,
)
SOURCE_SERIES = Metric(
    "edgewarm_source_answered_series_total", Type.COUNTER, ("source",), "Series in the answers of a demand source."
)
MODEL_FITS = Metric(
    "edgewarm_model_fits_total",
    Type.COUNTER,
    ("model", "outcome"),
    "Fits of models other than the fleet's; outcome is ok, or the kind of trouble, such as timeout.",
)
MODEL_SECONDS = Metric(
    "edgewarm_model_fit_duration_seconds",
    Type.HISTOGRAM,
    ("model",),
    "Seconds until a model other than the fleet's was fitted, waiting for its turn included.",
    buckets=FIT_BUCKETS,
)
BUILD_INFO = Metric("edgewarm_build_info", Type.GAUGE, ("version",), "Always 1; the label tells the version.")

METRICS: tuple[Metric, ...] = (
    DEMAND,
    NEED,
    READY,
    WANTED,
    FORECAST,
    RESOURCE_DEMAND,
    RESOURCE_FORECAST,
    NODE_DEMAND,
    NODE_FORECAST,
    PART_DEMAND,
    PART_FORECAST,
    LEAD_TIME,
    STAGE,
    IMAGE_PULLS,
    RUNG_UNITS,
    RUNG_IDLE,
    DATA_BYTES,
    DATA_REMOVED,
    PROMOTIONS,
    PARKINGS,
    MIGRATIONS,
    BLIND,
    DECISIONS,
    POLICIES,
    PASS_SECONDS,
    PASS_OVERRUNS,
    LAST_PASS,
    API_REQUESTS,
    CACHE_AGE,
    SOURCE_ERRORS,
    SOURCE_SECONDS,
    SOURCE_SERIES,
    MODEL_FITS,
    MODEL_SECONDS,
    BUILD_INFO,
)
"""Every metric of ours, in the order of the documentation."""
