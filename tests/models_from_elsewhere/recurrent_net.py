"""An LSTM that reads the rows of an image one after the other."""

from torch import nn


class RNN(nn.Module):
    def __init__(self, input_size=32, hidden_size=24, num_layers=2, num_classes=10):
        super(RNN, self).__init__()
        self.rnn = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True, dropout=0.2)
        self.out = nn.Linear(hidden_size, num_classes)

    def forward(self, x):
        r_out, (h_n, h_c) = self.rnn(x.squeeze(1), None)
        return self.out(r_out[:, -1, :])
