from django.http import HttpRequest

from simweb.access.roles import Role, role_of


def person(request: HttpRequest) -> dict[str, object]:
    """For templates: may the person who looks at this page change anything?"""
    if not request.user.is_authenticated:
        return {}
    role = role_of(request.user)
    return {"role": role.value, "may_operate": role.covers(Role.OPERATOR)}
