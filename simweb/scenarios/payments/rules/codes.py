"""The numbers that stand for states, happenings, actions and operations: compiled code knows no names."""

# Where a payment is.
TO_COME, QUEUE_1, SUBMITTED, QUEUE_2, SETTLED, SPLIT_UP, DROPPED = range(7)

# What happens to a bank or a payment, as `log` keeps it.
(
    ARRIVED,
    HELD,
    RELEASED,
    OVER_BUDGET,
    SPLIT,
    REPRIORITISED,
    REMOVED,
    WITHDRAWN,
    PAID,
    QUEUED,
    BEYOND_LIMIT,
    OVERDUE,
    DEADLINE_PENALTY,
    END_OF_DAY_PENALTY,
    CREDITED,
    COLLATERAL,
    TRANSFERRED,
    TRANSFER_FAILED,
    POLICY_FAULT,
    BORROWED,
) = range(20)
HAPPENINGS = (
    "arrived",
    "held",
    "released",
    "held: over the release budget",
    "split",
    "given another priority",
    "dropped",
    "withdrawn from Queue 2",
    "settled",
    "queued for want of liquidity",
    "queued: beyond a limit",
    "became overdue",
    "deadline penalty",
    "end-of-day penalty",
    "credited",
    "collateral changed",
    "transferred",
    "transfer failed",
    "policy could not be evaluated",
    "borrowed at the end of the day",
)

# How a payment was settled.
AT_ONCE, FROM_QUEUE_2, OFFSET, CYCLE, BY_BORROWING = range(5)
WAYS = ("on submission", "from Queue 2", "by bilateral offsetting", "in a cycle", "with what was borrowed")

# What a scenario event does within a tick; what only changes arrivals is applied when they are drawn.
DIRECT_TRANSFER, SCHEDULED_SETTLEMENT, COLLATERAL_ADJUSTMENT = range(3)

# How amounts and priorities are distributed.
NORMAL, LOG_NORMAL, UNIFORM, EXPONENTIAL = range(4)
FIXED, CATEGORICAL, EVEN = range(3)

# What a scenario event changes in the arrivals.
ALL_RATES, ONE_RATE, ONE_WEIGHT, DEADLINES = range(4)

# Actions of policy trees.
(
    RELEASE,
    HOLD,
    SPLIT_PAYMENT,
    REPRIORITIZE,
    DROP,
    WITHDRAW_FROM_RTGS,
    SET_RELEASE_BUDGET,
    SET_STATE,
    ADD_STATE,
    NO_ACTION,
    POST_COLLATERAL,
    WITHDRAW_COLLATERAL,
    HOLD_COLLATERAL,
) = range(13)

# Operations of an expression, in the order of a stack machine.
(
    PUSH_NUMBER,
    PUSH_FIELD,
    PUSH_STATE,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    DIVIDE_OR,
    MAXIMUM,
    MINIMUM,
    CEIL,
    FLOOR,
    ROUND,
    ABS,
    CLAMP,
    EQUAL,
    UNEQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    NOT,
    SKIP_IF_FALSE,
    SKIP_IF_TRUE,
) = range(24)

NONE = -1  # no bank, payment, node, limit or budget
MOST_PARTS = 100  # of one split
MOST_STATES = 10  # registers of a bank
MOST_CANDIDATES = 10_000  # cycles that are looked at in one round of liquidity saving
MOST_CYCLE = 10  # banks
MOST_COST = 2**53 - 1  # cents; a sum that reaches it is not known
