"""Which devices there are, and the reason for each that cannot be used."""

import torch

from lenet_gui.protocol import Device


def devices() -> tuple[Device, ...]:
    """The CPU, every CUDA device by name, and MPS."""
    return Device("cpu", "CPU", ""), *_cuda(), _mps()


def unavailable(name: str) -> str:
    """Why the device of this name cannot be used; empty if it can. Devices that PyTorch alone knows are left to it."""
    listed = {device.name: device.reason for device in devices()}
    kind = name.partition(":")[0]
    if name in listed:
        return listed[name]
    if kind == "cuda" and listed.get("cuda", "") != "":
        return listed["cuda"]
    try:
        torch.device(name)
    except RuntimeError:
        return "PyTorch knows no device of this name"
    return f"there is no {name} on this machine" if kind in ("cpu", "cuda", "mps") else ""


def _cuda() -> list[Device]:
    if torch.version.cuda is None:
        return [Device("cuda", "CUDA", "this PyTorch is built without CUDA")]
    if not torch.cuda.is_available():
        return [Device("cuda", "CUDA", "no NVIDIA GPU, or no driver for it, was found")]
    return [Device(f"cuda:{i}", torch.cuda.get_device_name(i), "") for i in range(torch.cuda.device_count())]


def _mps() -> Device:
    if not torch.backends.mps.is_built():
        return Device("mps", "Apple GPU (MPS)", "this PyTorch is built without MPS, which needs a Mac")
    return Device("mps", "Apple GPU (MPS)", "" if torch.backends.mps.is_available() else "no Apple GPU was found")
