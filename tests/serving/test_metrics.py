"""Prometheus metrics."""

from accel_tf.serving.metrics import Metrics


def lines_with(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_counts_requests_by_status():
    metrics = Metrics()
    for code in ("OK", "OK", "INVALID_ARGUMENT"):
        metrics.observe_request("m", "predict", code, 0.001)
    count = ":tensorflow:serving:request_count"
    text = metrics.text()
    assert f"# TYPE {count} counter" in text.splitlines()
    assert lines_with(text, count) == [
        f'{count}{{model_name="m",status="INVALID_ARGUMENT"}} 1',
        f'{count}{{model_name="m",status="OK"}} 2',
    ]


def test_latencies_are_histograms_in_microseconds():
    metrics = Metrics()
    for seconds in (5e-6, 15e-6, 17e-6, 2000.0):
        metrics.observe_request("m", "predict", "OK", seconds)
    metrics.observe_runtime("m", 20e-6)
    text = metrics.text()
    name = ":tensorflow:serving:request_latency"
    labels = 'model_name="m",API="predict",entrypoint="REST"'
    buckets = lines_with(text, f"{name}_bucket")
    assert len(buckets) == 34
    assert buckets[:3] == [
        f'{name}_bucket{{{labels},le="10"}} 1',
        f'{name}_bucket{{{labels},le="18"}} 3',
        f'{name}_bucket{{{labels},le="32.4"}} 3',
    ]
    assert buckets[-1] == f'{name}_bucket{{{labels},le="+Inf"}} 4'
    assert buckets[-2].endswith('le="1.47476e+09"} 3'), buckets[-2]
    assert f"{name}_sum{{{labels}}} 2000000037" in text
    assert f"{name}_count{{{labels}}} 4" in text
    runtime = ":tensorflow:serving:runtime_latency_count"
    assert f'{runtime}{{model_name="m",API="Predict",runtime="TF1"}} 1' in text


def test_numbers_of_streams_are_gauges():
    text = Metrics().text(
        [("m", 1, {"streams": 2, "bytes": 10}), ("m", 2, {"streams": 3})]
    )
    assert lines_with(text, ":accel_tf") == [
        ':accel_tf:serving:bytes{model_name="m",version="1"} 10',
        ':accel_tf:serving:streams{model_name="m",version="1"} 2',
        ':accel_tf:serving:streams{model_name="m",version="2"} 3',
    ]
    assert text.count("# TYPE :accel_tf:serving:streams gauge") == 1


def test_names_are_escaped():
    metrics = Metrics()
    metrics.observe_request('a"\\\n', "predict", "OK", 0)
    assert r'model_name="a\"\\\n",status' in metrics.text()
