"""What AWS does and the emulator does not, one function each, named after what AWS does.

Each cites AWS's documentation and reaches into MiniStack's inside, so it fits the pinned version only. To add one:
write the function, list it here, and write a test that fails when LOCAL_AWS_WITHOUT names it.
"""

from __future__ import annotations

from collections.abc import Callable

from local_aws.corrections import (
    acm,
    application_auto_scaling,
    cloudfront,
    cloudwatch,
    ec2,
    ecr,
    ecs,
    elastic_load_balancing,
    faults,
    iam,
    rds,
    rds_snapshots,
    rollouts,
    route53,
    service_deployments,
    service_quotas,
    tagging,
    target_health,
    tasks,
)

# In the order in which they are applied: where two wrap the same function, the later one sees the earlier one's answer.
CORRECTIONS: dict[str, Callable[[], None]] = {
    correct.__name__: correct
    for correct in (
        elastic_load_balancing.unknown_target_group_is_an_error,
        elastic_load_balancing.load_balancer_lists_every_attribute,
        elastic_load_balancing.load_balancer_stands_where_its_subnets_are,
        elastic_load_balancing.a_fixed_response_may_hold_any_text,
        cloudfront.an_origin_is_asked_over_https,
        route53.a_zone_says_that_it_is_not_signed,
        route53.a_name_leads_where_its_record_says,
        acm.a_certificate_is_issued_when_its_records_are_there,
        rds.gp3_storage_names_its_speed,
        rds.log_exports_are_kept,
        rds.windows_given_at_creation_are_kept,
        rds.performance_insights_are_switched_on_later_too,
        rds.a_database_answers_tasks_and_this_machine_only,
        rds.postgres_can_be_told_to_refuse_connections_without_tls,
        rds_snapshots.a_snapshot_holds_the_data,
        rds_snapshots.an_instance_takes_another_name,
        ec2.an_instance_lands_where_its_network_interface_says,
        ec2.an_instance_lists_its_network_interface,
        ec2.an_instance_lists_its_metadata_options,
        ec2.addresses_are_filtered,
        ec2.a_rule_may_name_a_prefix_list,
        ec2.a_console_says_nothing_yet,
        ec2.debian_names_its_images,
        ec2.a_request_with_a_token_is_carried_out_once,
        ec2.endpoints_are_filtered,
        ec2.what_is_plugged_in_holds_its_network,
        cloudwatch.an_alarm_stores_what_it_was_given,
        cloudwatch.question_marks_in_a_filter_pattern_mean_or,
        application_auto_scaling.application_auto_scaling_answers,
        application_auto_scaling.a_count_is_moved_into_its_bounds,
        application_auto_scaling.an_alarm_scales_a_service,
        ecs.secure_strings_reach_a_task_decrypted,
        ecs.a_family_is_listed_by_its_full_name,
        ecs.a_deleted_revision_goes_when_nothing_uses_it,
        ecs.an_update_keeps_every_setting_of_a_service,
        ecs.an_unknown_task_definition_is_refused,
        target_health.a_target_is_what_its_health_checks_say,
        rollouts.a_service_rolls_out_step_by_step,
        service_deployments.service_deployments_are_kept,
        service_quotas.service_quotas_answers,
        service_quotas.fargate_counts_the_vcpus_in_use,
        rollouts.event_bridge_hears_of_rollouts,
        tasks.a_container_gets_what_its_definition_says,
        tasks.containers_wait_for_those_they_depend_on,
        tasks.a_command_runs_in_the_container,
        tasks.a_task_that_cannot_start_says_why,
        tasks.a_standalone_task_ends,
        iam.an_identity_provider_can_be_changed,
        iam.any_version_of_a_policy_becomes_the_default,
        tagging.what_carries_tags_is_listed,
        faults.things_go_wrong_when_asked_to,
        ecr.a_repository_is_where_docker_can_push,
        ecr.an_unknown_image_is_an_error,
        ecr.an_image_weighs_what_its_layers_weigh,
        ecr.the_same_image_twice_is_named_so,
        ecr.an_image_answers_to_each_of_its_tags,
        ecr.a_layer_can_be_downloaded,
    )
}
