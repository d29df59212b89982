"""The local AWS: an emulator on this machine that the demo and the tests run on."""
