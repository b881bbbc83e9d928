"""What a worker says first, made by hand."""

from lenet_gui.protocol import Choice, Device, OptimizerChoice, Option, Ready

_SGD = (
    Option("momentum", "float", 0.0),
    Option("weight_decay", "float", 0.0),
    Option("nesterov", "bool", False),
)

READY = Ready(
    versions=(("torch", "2.13.0"), ("Python", "3.11.7")),
    devices=(Device("cpu", "CPU", ""), Device("cuda:0", "CUDA", "no NVIDIA driver was found")),
    data=(Choice("digits", "Digits"), Choice("random", "Random tensors")),
    losses=("CrossEntropyLoss", "MSELoss"),
    optimizers=(
        OptimizerChoice("SGD", "SGD", 0.05, (), _SGD),
        OptimizerChoice("SGD with momentum", "SGD", 0.01, (("momentum", 0.9),), _SGD),
        OptimizerChoice("Nesterov", "SGD", 0.01, (("momentum", 0.9), ("nesterov", True)), _SGD),
        OptimizerChoice("Adam", "Adam", 0.001, (), (Option("eps", "float", 1e-8),)),
    ),
    cores=4,
)
