# Two changes of Snakemake itself (9.27), without which films would be lost.
from pathlib import Path

from snakemake.dag import DAG


def taking_the_future(check):
    """Snakemake's check that outputs are no older than inputs, without the jobs of these rules.

    A video from a camera with a wrong clock could not be painted, nor could a run go on after the
    clock was set back. The names of files tell what they were made from. Other workflows' rules,
    which may import these, are checked as ever.
    """
    here = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).resolve()

    async def check_output_mtime(dag, job, files):
        if Path(job.rule.snakefile).parent.resolve() != here:
            await check(dag, job, files)

    return check_output_mtime


def looking_once_more(finish_one):
    """Snakemake's end of a job; after the last one, the whole workflow is looked at once more.

    When a plan is done, Snakemake finds out anew which jobs are needed. It then leaves out those
    whose inputs are `ancient` outputs of a job that has written them, but is not counted as finished
    yet; so the run could end with status 0 and without some of the films. Only the main process
    looks: one that was started for a single job would forget to send what that job has made.
    """

    async def finish(dag, job, update_checkpoint_dependencies=True):
        updated = await finish_one(dag, job, update_checkpoint_dependencies)
        is_last = update_checkpoint_dependencies and not list(dag.needrun_jobs())
        if is_last and dag.workflow.is_main_process:
            await dag.postprocess_after_update()
            return True
        return updated

    return finish


DAG.check_output_mtime = taking_the_future(DAG.check_output_mtime)
DAG.finish = looking_once_more(DAG.finish)
