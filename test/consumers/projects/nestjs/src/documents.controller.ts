import { Controller, Get, UseGuards } from '@nestjs/common';
import { requireScope } from 'passport-jwe/accept';
import { CurrentUser } from './current-user.decorator.js';
import { JweAuthGuard } from './jwe-auth.guard.js';
import { toNestGuard } from './to-nest-guard.js';
import type { User } from './users.service.js';

@Controller('documents')
@UseGuards(JweAuthGuard)
export class DocumentsController {
  @Get()
  list(@CurrentUser() user: User): object {
    return { documents: [], for: user.name };
  }

  @Get('drafts')
  @UseGuards(toNestGuard(requireScope('read:drafts')))
  listDrafts(): object {
    return { drafts: [] };
  }
}
