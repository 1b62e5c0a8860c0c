"""Memory limits for a child process on Windows: a job object. Not tried on a Windows computer yet.

The job also ends the child when the parent ends, however that happens.
"""

import ctypes
import subprocess
import sys
from ctypes import POINTER, Structure, byref, c_int64, c_size_t, c_uint32, c_uint64, sizeof

_EXTENDED_LIMITS = 9
_PROCESS_MEMORY, _DIE_ON_UNHANDLED, _KILL_ON_CLOSE = 0x100, 0x400, 0x2000


class _Basic(Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", c_int64),
        ("PerJobUserTimeLimit", c_int64),
        ("LimitFlags", c_uint32),
        ("MinimumWorkingSetSize", c_size_t),
        ("MaximumWorkingSetSize", c_size_t),
        ("ActiveProcessLimit", c_uint32),
        ("Affinity", POINTER(c_uint32)),
        ("PriorityClass", c_uint32),
        ("SchedulingClass", c_uint32),
    )


class _Extended(Structure):
    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", c_uint64 * 6),
        ("ProcessMemoryLimit", c_size_t),
        ("JobMemoryLimit", c_size_t),
        ("PeakProcessMemoryUsed", c_size_t),
        ("PeakJobMemoryUsed", c_size_t),
    )


def limited(process: "subprocess.Popen[bytes]", memory: int) -> object:
    """The job that holds ``process`` to ``memory`` bytes, to be kept as long as the process lives.

    Raises:
        OSError: Windows refused.
    """
    if sys.platform != "win32":
        raise OSError(sys.platform)
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    job = kernel.CreateJobObjectW(None, None)
    limits = _Extended()
    limits.BasicLimitInformation.LimitFlags = _PROCESS_MEMORY | _DIE_ON_UNHANDLED | _KILL_ON_CLOSE
    limits.ProcessMemoryLimit = memory
    handle = wintypes.HANDLE(int(process._handle))  # noqa: SLF001 (there is no other way to it)
    set_, assign = kernel.SetInformationJobObject, kernel.AssignProcessToJobObject
    set_.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
    assign.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    if not job or not set_(job, _EXTENDED_LIMITS, byref(limits), sizeof(limits)) or not assign(job, handle):
        raise ctypes.WinError(ctypes.get_last_error())
    return job
