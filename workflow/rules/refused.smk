"""Targets that the config has nothing for: one line says which key is missing."""

if settings.events.source != "simulate":

    rule blind_test:
        """Not without the simulation."""
        input:
            refuse(
                "blind_test simulates showers like those of the training: events.source is "
                f"{settings.events.source}, allowed is simulate"
            ),
        localrule: True


if not settings.transfer.files:

    rule transfer:
        """Not without showers of another program."""
        input:
            refuse(
                "transfer.files is empty: it names the files of showers, CORSIKA's for example, "
                "that models trained on simulated ones (events.source: simulate) are tested on"
            ),
        localrule: True


if not settings.generate.primaries:

    rule generate:
        """Not without primaries."""
        input:
            refuse(
                "generate.primaries is not given: it names the CSV or Parquet file of the "
                "primaries that bundles are wanted for"
            ),
        localrule: True
