"""Tests of graphql-core that a plan fails, each with the reason why that is right: they must fail, and no others."""

from __future__ import annotations

_ALL_AT_ONCE = (
    "A field that fails cancels nothing beside it: fields that wait run side by side to their end, and only then do"
    " nulls go up. This test's other field never ends by itself; the gateway's are ended by the request's deadline."
)
_FIRST = (
    "Which of several errors under one null is told: ours is the first in the order of the response, graphql-core's"
    " the first that happened."
)
_ORDER = "Errors are told in the order of the response; graphql-core tells asynchronous ones as they happen."
_UNDER_A_NULL = (
    "Errors that stand under an already nulled position are dropped; graphql-core keeps one that came before the null."
)
_WAITS = "The test wants asynchronous resolvers refused; a plan always runs in an event loop and waits for them."
_STARTED = (
    "Fields that wait are started side by side, so the asynchronous resolver runs although a later field nulls all."
)
_DRAINED = "An iterator that has failed is not asked for more; graphql-core asks on, to settle awaitables it may give."
_TO_THE_END = "A list is read to its end before its items are looked at, and reading this one to its end fails."
_TYPE_WAITS = (
    "An is_type_of that gives an awaitable without being a coroutine function is refused, value by value: that it"
    " waits cannot be known before anything runs."
)

_LISTS = "test_lists.py::describe_execute_"
_BUBBLING = (
    "test_nonnull.py::describe_execute_handles_non_nullable_types"
    "::describe_handles_multiple_errors_for_a_single_response_position::"
)
_PARALLEL = "test_parallel.py::describe_parallel_execution::describe_cancel_on_exception::"
_SYNC = "test_sync.py::describe_execute_synchronously_when_possible::"
_BASIC = "test_executor.py::describe_execute_handles_basic_execution_tasks::"

KNOWN_FAILURES = {
    "test_cancellation.py::describe_execute_cancellation"
    "::stops_late_sibling_object_completion_after_non_null_bubbling": _ALL_AT_ONCE,
    f"{_PARALLEL}cancel_selection_sets": _ALL_AT_ONCE,
    f"{_PARALLEL}cancel_lists": _ALL_AT_ONCE,
    f"{_PARALLEL}cancel_async_iterators": _ALL_AT_ONCE,
    f"{_BASIC}handles_sync_errors_combined_with_async_ones": _STARTED,
    f"{_BASIC}handles_sync_errors_combined_with_async_ones_in_async_context": _STARTED,
    f"{_BASIC}fails_when_is_type_of_check_is_not_met": _TYPE_WAITS,
    f"{_LISTS}handles_abrupt_completion_in_synchronous_iterables::drains_the_iterator_when_next_throws": _DRAINED,
    f"{_LISTS}handles_abrupt_completion_in_synchronous_iterables"
    "::handles_iterator_errors_with_later_pending_awaitables": _DRAINED,
    f"{_LISTS}handles_abrupt_completion_in_synchronous_iterables"
    "::handles_sync_errors_with_later_pending_awaitables": _FIRST,
    f"{_LISTS}accepts_async_iterables_as_list_value"
    "::handles_mixture_of_sync_and_async_errors_in_async_iterables": _FIRST,
    f"{_LISTS}accepts_async_iterables_as_list_value::calls_aclose_when_non_null_list_item_errors": _TO_THE_END,
    "test_nonnull.py::describe_execute_handles_non_nullable_types"
    "::describe_nulls_a_complex_tree_of_nullable_fields_each::throws": _ORDER,
    f"{_BUBBLING}nullable_and_non_nullable_root_fields_throw_nested_errors": _UNDER_A_NULL,
    f"{_BUBBLING}slower_nullable_after_non_nullable_root_field": _UNDER_A_NULL,
    f"{_BUBBLING}nullable_and_non_nullable_nested_fields_throw_nested_errors": _UNDER_A_NULL,
    f"{_BUBBLING}slower_nullable_after_non_nullable_nested_field": _UNDER_A_NULL,
    f"{_SYNC}describe_execute_sync::throws_if_encountering_async_operation_without_check_sync": _WAITS,
    f"{_SYNC}describe_execute_sync::iterates_sync_and_async_iterables_synchronously_without_check_sync": _WAITS,
    f"{_SYNC}describe_execute_sync::reports_async_iterables_as_errors_without_check_sync": _WAITS,
    f"{_SYNC}describe_graphql_sync::throws_if_encountering_async_operation_with_check_sync": _WAITS,
    f"{_SYNC}describe_graphql_sync::throws_if_encountering_async_operation_with_check_sync_without_loop": _WAITS,
    f"{_SYNC}describe_graphql_sync::throws_if_encountering_async_operation_without_check_sync": _WAITS,
}
