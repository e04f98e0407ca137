"""dv-processing: AEDAT4 through MonoCameraRecording."""

import dv_processing


def columns(events):
    return events["timestamp"], events["x"], events["y"], events["polarity"]


def _range(recording, start_us, stop_us):
    return recording.getEventsTimeRange(start_us, stop_us).numpy()


def load(path, sink):
    recording = dv_processing.io.MonoCameraRecording(path)
    start, last = recording.getTimeRange()
    sink(_range(recording, start, last + 1))


def first_slice(path, sink, starts_us, length_us):
    recording = dv_processing.io.MonoCameraRecording(path)
    sink(_range(recording, starts_us[0], starts_us[0] + length_us))


def prepare_slices(path, starts_us, length_us):
    recording = dv_processing.io.MonoCameraRecording(path)
    _range(recording, starts_us[0], starts_us[0] + length_us)
    return recording


def slices(recording, sink, starts_us, length_us):
    for start in starts_us:
        sink(_range(recording, start, start + length_us))
