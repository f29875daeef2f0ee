"""Frames of one connection to a camera."""

from accel_tf import optional


class Camera:
    """A connection to a camera, through OpenCV.

    What it says of its rate is often wrong, so it is not asked.

    Args:
        index: Of the camera; the first is 0.
        frame_rate: Frames per second to ask the camera for, or `None`.

    Attributes: as those of a `Decoder`.

    Raises:
        OSError: There is no such camera, or it gives no frame.
    """

    is_timed = is_finite = has_sound = False
    frame_rate = frame_count = fault = None

    def __init__(self, index, frame_rate=None):
        with optional.quiet_cv2() as cv2:
            # A negative index would let OpenCV choose any camera.
            self._capture = cv2.VideoCapture(index) if index >= 0 else None
            if self._capture and frame_rate:
                self._capture.set(cv2.CAP_PROP_FPS, frame_rate)
            self._first = self._read()
        if self._first is None:
            self.close()
            raise OSError(
                f"camera {index} cannot be opened; give the index of a "
                f"connected camera (the first is 0), a video file or a folder"
            )
        self.height, self.width = self._first.shape[:2]

    def _read(self):
        if self._capture is None:
            return None
        decoded, frame = self._capture.read()
        cv2 = optional.cv2()
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if decoded else None

    def __iter__(self):
        """Gives `(image, None, False)` for each frame."""
        image, self._first = self._first, None
        while image is not None:
            yield image, None, False
            image = self._read()
        self.fault = "it gave no more frames"

    def close(self):
        """Lets go of the camera."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
