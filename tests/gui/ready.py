"""What a worker says first, made by hand."""

from lenet_gui.protocol import Choice, Device, OptimizerChoice, Option, PartChoice, Ready, TrainingChoices

_SGD = (
    Option("momentum", "float", 0.0),
    Option("weight_decay", "float", 0.0),
    Option("nesterov", "bool", False),
)

READY = Ready(
    versions=(("torch", "2.13.0"), ("Python", "3.11.7")),
    devices=(Device("cpu", "CPU", ""), Device("cuda:0", "CUDA", "no NVIDIA driver was found")),
    data=(Choice("digits", "Digits"), Choice("random", "Random tensors")),
    cores=4,
)

_REDUCTION = Option("reduction", "choice", "mean", ("mean", "sum"))

CHOICES = TrainingChoices(
    run=1,
    losses=(
        PartChoice("CrossEntropyLoss", (), (_REDUCTION, Option("label_smoothing", "float", 0.0))),
        PartChoice("MSELoss", (), (_REDUCTION,)),
        PartChoice("KLDivLoss", (("reduction", "batchmean"),), (), note="the network has to limit its outputs"),
        PartChoice("CTCLoss", (), (), "it takes four inputs"),
    ),
    optimizers=(
        OptimizerChoice("SGD", "SGD", 0.05, (), _SGD),
        OptimizerChoice("SGD with momentum", "SGD", 0.01, (("momentum", 0.9),), _SGD),
        OptimizerChoice("Nesterov", "SGD", 0.01, (("momentum", 0.9), ("nesterov", True)), _SGD),
        OptimizerChoice("Adam", "Adam", 0.001, (), (Option("eps", "float", 1e-8),)),
        OptimizerChoice("LBFGS", "LBFGS", 1.0, (), (Option("max_eval", "int", None, optional=True),)),
        OptimizerChoice("Muon", "Muon", 0.001, (), (), "Muon only supports 2D parameters"),
    ),
    clips=(
        PartChoice("", (), ()),
        PartChoice("clip_grad_norm_", (("max_norm", 1.0),), (Option("max_norm", "float", None, required=True),)),
    ),
    schedulers=(
        PartChoice("", (), ()),
        PartChoice("StepLR", (("step_size", 10),), (Option("step_size", "int", None, required=True),)),
        PartChoice("MultiStepLR", (("milestones", "10, 20"),), (Option("milestones", "ints", None, required=True),)),
        PartChoice("LambdaLR", (), (), "it needs lr_lambda, which no field can hold"),
    ),
)
