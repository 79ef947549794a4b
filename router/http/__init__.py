"""The HTTP side: webhooks in, the API, the event stream, metrics, the status page.

It asks the desks through one `Service` and decides nothing by itself. Start at `app`.
"""
