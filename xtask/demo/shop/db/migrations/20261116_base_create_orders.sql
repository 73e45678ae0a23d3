create table orders (
    id         bigint primary key,
    customer   text not null,
    total      bigint not null,
    created_at timestamptz not null default now()
);
