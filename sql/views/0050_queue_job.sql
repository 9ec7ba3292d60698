-- What of pg-boss's table people may see. Its schema belongs to nobody else: the view is the owner's, and shows no payload.
create view postrider.queue_job as
select id, name, state::text as state, retry_count, created_on, started_on, completed_on from postrider_queue.job;
