# Two changes of Snakemake itself (9.27), which would lose films otherwise.
from snakemake.dag import DAG


async def accept_output(self, job, files):
    """Take what a job has made, also where an input's time lies in the future."""


# Snakemake would fail: a video from a camera with a wrong clock could not be painted, nor could a
# run go on after the clock was set back. Our files' names tell what they were made from.
DAG.check_output_mtime = accept_output


async def finish(self, job, update_checkpoint_dependencies=True):
    """Finish a job; where it is the last one, look at the whole workflow once more.

    When a plan is done, Snakemake finds out anew which jobs are needed. It then leaves out those
    whose inputs are `ancient` outputs of a job that has written them, but is not counted as finished
    yet; so the run could end with status 0 and without some of the films.
    """
    updated = await finish_one(self, job, update_checkpoint_dependencies)
    if update_checkpoint_dependencies and not list(self.needrun_jobs()):
        await self.postprocess_after_update()
        return True
    return updated


if DAG.finish.__name__ != "looked_once_more":
    finish_one = DAG.finish
    finish.__name__ = "looked_once_more"
    DAG.finish = finish
