"""Dead values: keys that a values file sets and the chart never reads.

Owns: `check_values` and `check_values_file`, which hold values against a chart's own values, comments, schema,
templates and subcharts. Refuses to own: fetching charts (ringfence.engine.charts).
"""

from __future__ import annotations

from ringfence.planning.charts.chart import Chart, ChartError, load_chart
from ringfence.planning.charts.check import DeadValue, check_chart_values, check_values
from ringfence.planning.charts.files import check_values_file

__all__ = ["Chart", "ChartError", "DeadValue", "check_chart_values", "check_values", "check_values_file", "load_chart"]
